"""One alert with what is to be known about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from health.console.listing import add_standings
from health.console.step_form import Step, name_of
from health.models import Alert, AlertEntry
from health.wording import sentence_of, who_took
from success.dashboard.activity import Activity, activity_of
from success.heatmap import heatmap_of
from success.models import Task

MOST_ENTRIES = 200


@dataclass(frozen=True)
class LoggedStep:
    at: datetime
    title: str
    detail: str
    note: str
    actor: str


@dataclass(frozen=True)
class AlertPage:
    """`log` is newest first; `steps` are those that the alert's state allows, the likeliest first."""

    sentence: str
    acknowledged_by: str
    resolved_by: str
    log: Sequence[LoggedStep]
    steps: Sequence[Step]
    activity: Activity
    task: Task | None


def alert_page_of(alert: Any, *, today: date) -> AlertPage:
    """Of an alert read with its status. The same few queries, however long its log."""
    entries = list(
        AlertEntry.objects.filter(organization=alert.organization_id, alert=alert)
        .select_related("actor")
        .order_by("-at", "-id")[:MOST_ENTRIES]
    )
    add_standings([alert])
    people = {user.pk: name_of(user) for user in User.objects.filter(pk__in=_mentioned(entries))}
    task_id = alert.evidence.get("task")
    keyed: Any = Alert.objects.with_keys().get(pk=alert.pk)
    return AlertPage(
        sentence=sentence_of(alert),
        acknowledged_by=_taker(alert.acknowledged_by, keyed.acknowledged_key),
        resolved_by=_taker(alert.resolved_by, keyed.resolved_key),
        log=[_logged(entry, people) for entry in entries],
        steps=STEPS[alert.status],
        activity=activity_of(heatmap_of(alert.client, today=today)),
        task=Task.objects.filter(organization=alert.organization_id, pk=task_id).first() if task_id else None,
    )


STEPS: dict[str, Sequence[Step]] = {
    Alert.Status.OPEN: (Step.ACKNOWLEDGE, Step.ASSIGN, Step.SNOOZE, Step.RESOLVE, Step.NOTE),
    Alert.Status.ACKNOWLEDGED: (Step.ASSIGN, Step.SNOOZE, Step.RESOLVE, Step.NOTE),
    Alert.Status.SNOOZED: (Step.WAKE, Step.ACKNOWLEDGE, Step.ASSIGN, Step.SNOOZE, Step.RESOLVE, Step.NOTE),
    Alert.Status.RESOLVED: (Step.NOTE, Step.REOPEN),
}


def _mentioned(entries: Sequence[AlertEntry]) -> set[int]:
    owners = {facts.get("owner") for entry in entries for facts in (entry.before, entry.after)}
    return {owner for owner in owners if owner}


def _logged(entry: AlertEntry, people: dict[int, str]) -> LoggedStep:
    return LoggedStep(
        at=entry.at,
        title=str(AlertEntry.Step(entry.step).label),
        detail=" → ".join(filter(None, [_state(entry.before, people), _state(entry.after, people)])),
        note=entry.note,
        actor=_taker(entry.actor, entry.api_key),
    )


def _taker(user: User | None, api_key: str | None) -> str:
    return who_took(name_of(user) if user else "", api_key or "")


def _state(facts: dict[str, Any], people: dict[int, str]) -> str:
    """The side of a step in words."""
    words = []
    if "kind" in facts:
        words.append(str(Alert.Kind(facts["kind"]).label))
    if "severity" in facts:
        words.append(str(Alert.Severity(facts["severity"]).label).lower())
    if "status" in facts:
        words.append(str(Alert.Status(facts["status"]).label))
    if "owner" in facts:
        words.append(people.get(facts["owner"], _("nobody")))
    if facts.get("until"):
        until = timezone.localtime(datetime.fromisoformat(facts["until"]))
        words.append(_("until %(time)s") % {"time": date_format(until, "SHORT_DATETIME_FORMAT")})
    if facts.get("resolution"):
        words.append(str(Alert.Resolution(facts["resolution"]).label))
    if facts.get("verdict"):
        words.append(str(Alert.Verdict(facts["verdict"]).label))
    return ", ".join(words)
