"""One notice put into words and queued."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization
from emails.names import shown_name
from emails.outbox import queue_email
from emails.rendering import render
from health.models import Alert
from health.notices.links import Holder, stop_headers
from health.notices.readers import Reader
from health.wording import sentence_of


@dataclass(frozen=True, slots=True)
class Notice:
    """`kind` names the templates' folder; a kind and key are sent to an address once. `context` holds `alerts`."""

    kind: str
    key: str
    organization: Organization
    context: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    alert: Alert
    client: str
    sentence: str
    link: str
    tone: str


def queue_notice(notice: Notice, *, to: Reader) -> bool:
    """False when it was queued before. In the installation's language; times in the organization's timezone."""
    organization = notice.organization
    with timezone.override(organization.timezone):
        lines = [_line(alert) for alert in notice.context["alerts"]]
    mail = render(
        notice.kind,
        {
            **notice.context,
            "lines": lines,
            "organization_name": shown_name(organization.name),
            "is_simulated": organization.is_simulated,
        },
        language="",
        timezone=organization.timezone,
    )
    return queue_email(
        notice.kind,
        key=notice.key,
        to_address=to.address,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        headers=stop_headers(Holder(organization.pk, to.user_id, notice.kind)),
        queued_at=notice.at,
        organization=organization,
    )


def _line(alert: Alert) -> Line:
    return Line(
        alert,
        client=shown_name(str(alert.client)),
        sentence=sentence_of(alert),
        link=f"{settings.BASE_URL}{reverse('admin:health_alert_change', args=[alert.pk])}",
        tone=Alert.Severity(alert.severity).name.lower(),
    )
