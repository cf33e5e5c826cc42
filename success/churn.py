"""Marking clients who left, which the backtest judges past scores by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Count, DateTimeField, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Least

from accounts.audit import record_audit
from accounts.models import AuditEntry, Client, Organization, User
from success.models import Churn
from telemetry.models import ClientActivity

LONGEST_REASON = 500


class UnableToMarkChurnError(Exception):
    """Nobody can have left on that day or for that reason; its text says why."""


class ChurnInFutureError(UnableToMarkChurnError):
    def __init__(self) -> None:
        super().__init__("That day has not come yet.")


class ChurnBeforeKnownError(UnableToMarkChurnError):
    def __init__(self, known_on: date) -> None:
        super().__init__(f"The client has only been known since {known_on}.")
        self.known_on = known_on


class UnfitReasonError(UnableToMarkChurnError):
    def __init__(self) -> None:
        super().__init__(f"A reason is a text of at most {LONGEST_REASON} characters without NUL.")


class MarkOutcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class ChurnMark:
    client_id: int
    churned_on: date
    reason: str


def mark_churned(client: Client, *, churned_on: date, reason: str = "", actor: User | None, at: datetime) -> Churn:
    """The client left on that day of its organization's calendar; raises UnableToMarkChurnError.

    Marked before, it gets the new day and reason; with the same ones nothing happens. Needs the scope.
    """
    mark = ChurnMark(client.pk, churned_on, reason)
    [outcome] = mark_all_churned(client.organization, [mark], actor=actor, at=at)
    if isinstance(outcome, UnableToMarkChurnError):
        raise outcome
    return Churn.objects.get(organization=client.organization_id, client=client)


def check_churn(client: Client, *, churned_on: date, reason: str, at: datetime) -> None:
    """Raise UnableToMarkChurnError where `mark_churned` would."""
    [known_at] = _known(client.organization, [client.pk]).values_list("known_at", flat=True)
    zone = client.organization.timezone
    mark = ChurnMark(client.pk, churned_on, reason)
    problem = _problem(mark, today=at.astimezone(zone).date(), known_on=known_at.astimezone(zone).date())
    if problem:
        raise problem


@transaction.atomic
def unmark_churned(client: Client, *, actor: User | None) -> bool:
    """The client is back, or never left. False when it was not marked. Needs the scope."""
    marks = Churn.objects.filter(organization=client.organization_id, client=client)
    churn = marks.select_for_update().first()
    if churn is None:
        return False
    churn.delete()
    before = {"churned_on": [str(churn.churned_on), None], "reason": [churn.reason, None]}
    record_audit("client.churn_unmarked", subject=client, organization=client.organization, actor=actor, changes=before)
    return True


@transaction.atomic
def mark_all_churned(
    organization: Organization, marks: Sequence[ChurnMark], *, actor: User | None, at: datetime
) -> list[MarkOutcome | UnableToMarkChurnError]:
    """What became of each mark, in their order, in the same few statements whatever their number.

    No two marks may be of one client. Needs the organization's scope.
    """
    # The clients' rows are held: marks of one client wait for each other, so that the audit log tells what happened.
    known = _known(organization, [mark.client_id for mark in marks]).select_for_update(no_key=True, of=("self",))
    known_at = dict(known.values_list("pk", "known_at"))
    held = Churn.objects.filter(organization=organization, client__in=list(known_at)).select_for_update()
    before = {churn.client_id: (churn.churned_on, churn.reason) for churn in held}
    today = at.astimezone(organization.timezone).date()
    outcomes: list[MarkOutcome | UnableToMarkChurnError] = []
    for mark in marks:
        known_on = known_at[mark.client_id].astimezone(organization.timezone).date()
        outcomes.append(_problem(mark, today=today, known_on=known_on) or _outcome(mark, before))
    stored = [
        mark for mark, outcome in zip(marks, outcomes, strict=True) if outcome in {MarkOutcome.NEW, MarkOutcome.CHANGED}
    ]
    _store(organization, stored, before, actor=actor, at=at)
    return outcomes


def version_of_marks(organization_id: int | None) -> str:
    """Another text whenever marks have changed: for the keys of what is computed from them. None: of all.

    Needs the scope.
    """
    marks = Churn.objects.filter(organization=organization_id) if organization_id else Churn.objects.all()
    version = marks.aggregate(n=Count("pk"), newest=Max("marked_at"))
    newest = version["newest"].timestamp() if version["newest"] else 0
    return f"{version['n']}:{newest}"


def _known(organization: Organization, clients: Sequence[int]) -> QuerySet[Any]:
    """With when each was first heard of."""
    activity = ClientActivity.objects.filter(organization=OuterRef("organization"), client=OuterRef("pk"))
    first_at = Subquery(activity.values("first_at")[:1], output_field=DateTimeField())
    rows = Client.objects.filter(organization=organization, pk__in=clients).order_by("pk")
    return rows.annotate(known_at=Least("signed_up_at", "created_at", first_at))


def _problem(mark: ChurnMark, *, today: date, known_on: date) -> UnableToMarkChurnError | None:
    if mark.churned_on > today:
        return ChurnInFutureError()
    if mark.churned_on < known_on:
        return ChurnBeforeKnownError(known_on)
    if len(mark.reason) > LONGEST_REASON or "\0" in mark.reason:
        return UnfitReasonError()
    return None


def _outcome(mark: ChurnMark, before: dict[int, tuple[date, str]]) -> MarkOutcome:
    if mark.client_id not in before:
        return MarkOutcome.NEW
    is_same = before[mark.client_id] == (mark.churned_on, mark.reason)
    return MarkOutcome.SAME if is_same else MarkOutcome.CHANGED


def _store(
    organization: Organization,
    marks: Sequence[ChurnMark],
    before: dict[int, tuple[date, str]],
    *,
    actor: User | None,
    at: datetime,
) -> None:
    Churn.objects.bulk_create(
        [
            Churn(
                organization=organization,
                client_id=mark.client_id,
                churned_on=mark.churned_on,
                reason=mark.reason,
                marked_at=at,
                marked_by=actor,
            )
            for mark in marks
        ],
        update_conflicts=True,
        unique_fields=["organization", "client"],
        update_fields=["churned_on", "reason", "marked_at", "marked_by"],
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(
            action="client.churn_marked",
            subject=f"accounts.Client:{mark.client_id}",
            organization=organization,
            actor=actor,
            changes=_changes(mark, before.get(mark.client_id, (None, ""))),
        )
        for mark in marks
    )


def _changes(mark: ChurnMark, before: tuple[date | None, str]) -> dict[str, list[str | None]]:
    left_on, reason = before
    changes: dict[str, list[str | None]] = {}
    if mark.churned_on != left_on:
        changes["churned_on"] = [str(left_on) if left_on else None, str(mark.churned_on)]
    if mark.reason != reason:
        changes["reason"] = [reason, mark.reason]
    return changes
