"""The admin's home page: only figures that were measured, an organization's own or, for operators, everybody's."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import Organization
from accounts.permissions import Seat
from health.home.activity import MOST_NAMES, RecentActivity, recent_activity, waiting
from health.home.drawing import band_bars, day_bars
from health.home.jobs import Jobs, jobs_of_installation, jobs_of_organization
from health.home.mail import MailHealth, mail_health, reason_bars, state_bars, stopped_lines
from health.home.remembered import remembered
from health.home.scores import WeekOfScores, newest_weeks
from jobs.models import JobRun

MEMBERS_REMEMBER_SECONDS = 300
OPERATORS_REMEMBER_SECONDS = 3600
# Staff look here while mails go out.
MAIL_REMEMBER_SECONDS = 60
MOST_ORGANIZATIONS = 25
SCORING = "success-score"
RUNS = 6


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    seat: Seat | None = getattr(request, "seat", None)
    if seat is None and not request.user.is_superuser:
        return context | {"has_seat": False}
    organization_id = seat.organization_id if seat else None
    now = timezone.now()
    jobs = _jobs(organization_id, as_of=now)
    weeks = _weeks(organization_id, version=_version(jobs, organization_id))
    activity = _activity(organization_id, as_of=now)
    mail = _mail(organization_id, as_of=now)
    everything = weeks[0]
    return context | {
        "has_seat": True,
        "week": everything,
        "period_end": max((week.period_end for week in weeks if week.period_end), default=None),
        "bands": band_bars(everything, address=_address("success_score")),
        "days": day_bars(activity.days, today=timezone.localdate()),
        "events": sum(activity.days),
        "organizations": _lines(weeks[1:], activity) if organization_id is None else [],
        "waiting": waiting(organization_id),
        "mail": mail,
        "mail_states": state_bars(mail, address=_address("emails_outboxemail")),
        "mail_reasons": reason_bars(mail, address=_address("emails_contact")),
        "stopped_addresses": stopped_lines(mail),
        "most_names": MOST_NAMES,
        "jobs": jobs,
        "addresses": {
            "quarantine": _address("telemetry_quarantinedevent"),
            "names": _address("telemetry_eventname"),
            "jobs": reverse("admin:jobs_status") if organization_id is None else "",
            "clients": _address("accounts_client"),
            "stopped": _address("emails_suppression"),
        },
    }


def _jobs(organization_id: int | None, *, as_of: datetime) -> Jobs:
    if organization_id is None:
        return jobs_of_installation(as_of=as_of)
    return jobs_of_organization(Organization.objects.get(pk=organization_id), as_of=as_of)


def _weeks(organization_id: int | None, *, version: str) -> list[WeekOfScores]:
    # Of a million clients this takes seconds.
    return remembered(
        f"home:scores:{organization_id or 'all'}:{version}",
        seconds=MEMBERS_REMEMBER_SECONDS if organization_id else OPERATORS_REMEMBER_SECONDS,
        read=lambda: newest_weeks(organization_id, most=MOST_ORGANIZATIONS),
    )


def _activity(organization_id: int | None, *, as_of: datetime) -> RecentActivity:
    return remembered(
        f"home:activity:{organization_id or 'all'}",
        seconds=MEMBERS_REMEMBER_SECONDS,
        read=lambda: recent_activity(organization_id, as_of=as_of),
    )


def _mail(organization_id: int | None, *, as_of: datetime) -> MailHealth:
    return remembered(
        f"home:mail:{organization_id or 'all'}",
        seconds=MAIL_REMEMBER_SECONDS,
        read=lambda: mail_health(organization_id, as_of=as_of),
    )


def _version(jobs: Jobs, organization_id: int | None) -> str:
    """Changes when scores may have; operators see runs of one organization too, which are no job's state."""
    if organization_id is None:
        newest = JobRun.objects.filter(job=SCORING).order_by("-started_at", "-id")[:RUNS]
        return ",".join(f"{run.pk}.{run.generation}.{run.status}" for run in newest.only("generation", "status"))
    return next((line.version for line in jobs.all if line.name == SCORING), "")


def _lines(weeks: list[WeekOfScores], activity: RecentActivity) -> list[dict[str, Any]]:
    return [
        {
            "week": week,
            "bands": band_bars(week, address=""),
            "events": activity.by_organization.get(week.organization_id or 0, 0),
            "address": reverse("admin:accounts_organization_change", args=[week.organization_id]),
        }
        for week in weeks
    ]


def _address(model: str) -> str:
    """Of the model's list; empty while it has none."""
    try:
        return reverse(f"admin:{model}_changelist")
    except NoReverseMatch:
        return ""
