"""One notice put into words and queued."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Organization
from emails.outbox import queue_email
from health.wording import sentence_of


@dataclass(frozen=True, slots=True)
class Notice:
    """`kind` names the templates' folder; a kind and key are sent to an address once. `context` holds `alerts`."""

    kind: str
    key: str
    organization: Organization
    context: Mapping[str, Any]
    at: datetime


def queue_notice(notice: Notice, *, to: str) -> bool:
    """False when it was queued before. Times are shown in the organization's timezone."""
    context: dict[str, Any] = dict(notice.context) | {
        "organization": notice.organization,
        "base_url": settings.BASE_URL,
    }
    with timezone.override(notice.organization.timezone):
        context["lines"] = [(alert, sentence_of(alert)) for alert in notice.context["alerts"]]
        subject = render_to_string(f"emails/{notice.kind}/subject.txt", context)
        text = render_to_string(f"emails/{notice.kind}/body.txt", context)
    return queue_email(
        notice.kind,
        key=notice.key,
        to_address=to,
        subject=subject,
        text=text,
        queued_at=notice.at,
        organization=notice.organization,
    )
