"""Alerts as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Organization, User
from health.console.page import MOST_ENTRIES
from health.console.step_form import name_of
from health.models import Alert, AlertEntry
from health.wording import sentence_of

WITH = ("client", "owner", "acknowledged_by", "snoozed_by", "resolved_by")
PEOPLE = ("owner", "acknowledgedBy")


def alert_json(alert: Any, *, organization: Organization) -> dict[str, Any]:
    """Of an alert read with its status, its keys and what it is read WITH."""
    is_snoozed = alert.status == Alert.Status.SNOOZED
    # The same for every program, whatever language it accepts: it is passed on to staff.
    with translation.override(settings.LANGUAGE_CODE), timezone.override(organization.timezone):
        sentence = sentence_of(alert)
    return {
        "id": str(alert.pk),
        "clientId": alert.client.external_id,
        "kind": alert.kind,
        "matter": alert.matter,
        "severity": severity_word(alert.severity),
        "status": alert.status,
        "sentence": sentence,
        "evidence": alert.evidence,
        "openedAt": alert.opened_at,
        "changedAt": alert.changed_at,
        "reopenedCount": alert.reopened_count,
        "owner": person_json(alert.owner),
        "acknowledgedAt": alert.acknowledged_at,
        "acknowledgedBy": taker_json(alert.acknowledged_by, alert.acknowledged_key),
        "snoozedAt": alert.snoozed_at if is_snoozed else None,
        "snoozedUntil": alert.snoozed_until if is_snoozed else None,
        "snoozedBy": taker_json(alert.snoozed_by, alert.snoozed_key) if is_snoozed else None,
        "resolvedAt": alert.resolved_at,
        "resolvedBy": taker_json(alert.resolved_by, alert.resolved_key),
        "resolution": alert.resolution or None,
        "verdict": alert.verdict or None,
        "url": settings.BASE_URL + reverse("admin:health_alert_change", args=[alert.pk]),
    }


def alert_detail_json(alert: Any, *, organization: Organization) -> dict[str, Any]:
    """With its log, in two queries more."""
    entries = AlertEntry.objects.filter(organization=organization, alert=alert).select_related("actor")
    newest = list(entries.order_by("-at", "-id")[: MOST_ENTRIES + 1])
    shown = newest[:MOST_ENTRIES]
    people = User.objects.in_bulk(_mentioned(shown))
    log = [_entry_json(entry, people) for entry in shown]
    return alert_json(alert, organization=organization) | {"log": log, "logIsCut": len(newest) > len(shown)}


def severity_word(severity: int) -> str:
    return Alert.Severity(severity).name.lower()


def person_json(user: User | None) -> dict[str, str] | None:
    return {"username": user.username, "name": name_of(user), "email": user.email} if user else None


def taker_json(user: User | None, api_key: str | None) -> dict[str, Any] | None:
    return {"member": person_json(user), "key": api_key or None} if user or api_key else None


def _mentioned(entries: Sequence[AlertEntry]) -> set[int]:
    sides = [side for entry in entries for side in (entry.before, entry.after)]
    return {side[name] for side in sides for name in PEOPLE if side.get(name)}


def _entry_json(entry: AlertEntry, people: Mapping[int, User]) -> dict[str, Any]:
    return {
        "at": entry.at,
        "step": entry.step,
        "by": taker_json(entry.actor, entry.api_key),
        "from": _side_json(entry.before, people),
        "to": _side_json(entry.after, people),
        "note": entry.note,
    }


def _side_json(side: Mapping[str, Any], people: Mapping[int, User]) -> dict[str, Any]:
    """In the words of the API instead of numbers and ids."""
    told = {name: person_json(people.get(side[name] or 0)) for name in PEOPLE if name in side}
    return {**side, **told} | ({"severity": severity_word(side["severity"])} if "severity" in side else {})
