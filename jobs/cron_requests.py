"""What a request to a cron endpoint asks for. Everything about it is checked before anything is begun."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.validators import validate_slug
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request

from accounts.models import Organization
from accounts.problems import Problem
from accounts.tenancy import all_organizations
from jobs.asking import FuturePeriodError, UnableToRunPeriodError, check_period
from jobs.definitions import Job, Spread
from jobs.periods import Every, Period

MOST_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """`is_explicit` when the request names a period or an organization: then it is run again."""

    period: Period
    organization: Organization | None
    is_explicit: bool


def read_request(request: Request, *, job: Job, now: datetime) -> Asked:
    """Raises Problem, which becomes a 4xx."""
    asked = _body(request) | request.query_params.dict()
    if unknown := asked.keys() - {"organization", "periodEnd", "asOf"}:
        known = "organization, periodEnd and asOf"
        raise Problem(400, "unknown_parameter", f"The parameters are {known}; got {min(unknown)[:50]!r}.")
    organization = _organization(asked["organization"], job=job) if asked.get("organization") is not None else None
    period = _period(asked, job=job)
    if period:
        _check_period(period, job=job, organization=organization, now=now)
    return Asked(period or job.every.period_of(now), organization, is_explicit=bool(period or organization))


def _body(request: Request) -> dict[str, Any]:
    try:
        raw = request.body
    except RequestDataTooBig:
        raw = b" " * (MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise Problem(413, "too_large", f"The body may have {MOST_BYTES} bytes.")
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw.decode())
    except (ValueError, RecursionError):
        raise Problem(400, "invalid_json", "The body is not JSON in UTF-8.") from None
    if not isinstance(body, dict):
        raise Problem(400, "invalid_json", "The body must be a JSON object.")
    return body


def _organization(slug: Any, *, job: Job) -> Organization:
    if job.spread is Spread.INSTALLATION:
        raise Problem(400, "not_by_organization", "This job is about the whole installation.")
    if not isinstance(slug, str):
        raise Problem(400, "invalid_organization", "organization must be a slug.")
    try:
        validate_slug(slug)
    except ValidationError:
        raise Problem(404, "unknown_organization", "There is no organization of this slug.") from None
    with all_organizations():
        organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        raise Problem(404, "unknown_organization", "There is no organization of this slug.")
    if organization.status != Organization.Status.ACTIVE:
        raise Problem(409, "organization_not_active", "Jobs work on active organizations only.")
    return organization


def _period(asked: dict[str, Any], *, job: Job) -> Period | None:
    given = [name for name in ("periodEnd", "asOf") if asked.get(name) is not None]
    if not given:
        return None
    if len(given) > 1:
        raise Problem(400, "invalid_period", "Give periodEnd or asOf, not both.")
    return _period_ending(asked["periodEnd"], job=job) if given == ["periodEnd"] else _period_of(asked["asOf"], job=job)


def _check_period(period: Period, *, job: Job, organization: Organization | None, now: datetime) -> None:
    try:
        check_period(period, job=job, organization=organization, now=now)
    except FuturePeriodError as error:
        raise Problem(400, "future_period", str(error)) from None
    except UnableToRunPeriodError as error:
        raise Problem(400, "invalid_period", str(error)) from None


def _period_ending(text: Any, *, job: Job) -> Period:
    if job.every is Every.HOUR:
        raise Problem(400, "invalid_period", "This job runs by the hour: give asOf, an ISO time.")
    try:
        return job.every.period(text)
    except (ValueError, TypeError):
        raise Problem(400, "invalid_period", "periodEnd must be a date such as 2026-01-05.") from None


def _period_of(text: Any, *, job: Job) -> Period:
    try:
        moment = parse_datetime(text)
        period = job.every.period_of(moment) if moment and moment.tzinfo else None
    except (ValueError, TypeError, OverflowError):
        period = None
    if period is None:
        raise Problem(400, "invalid_period", "asOf must be a time such as 2026-01-05T07:00:00Z.")
    return period
