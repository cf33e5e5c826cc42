"""What members do with alerts. Each verb is there for one alert, which raises, and for many, which tells.

All need a scope: an alert outside of it is like one that does not exist. Every step that is taken is logged.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts.models import User
from health.alert_steps import STATUS, Action, Actor, Outcome, Reason, Refusal, take_step
from health.models import Alert, AlertEntry


class UnableToChangeAlertError(Exception):
    """The alert does not take the step; `by`, `key` and `at` tell who came first and when, where somebody did."""

    def __init__(self, alert_id: int, refusal: Refusal) -> None:
        super().__init__(f"Alert {alert_id}: {refusal.reason}")
        self.alert_id = alert_id
        self.reason = refusal.reason
        self.at = refusal.at
        self.by = User.objects.filter(pk=refusal.by_id).first() if refusal.by_id else None
        self.key = refusal.key


class UnknownAlertError(UnableToChangeAlertError):
    """There is no such alert."""


class AlreadyAcknowledgedError(UnableToChangeAlertError):
    """Somebody else was first."""


class AlreadyResolvedError(UnableToChangeAlertError):
    """It is over; without `by` and `key` it resolved itself."""


class NotAMemberError(UnableToChangeAlertError):
    """Alerts belong to members of their organization."""


class UnableToSnoozeError(ValueError):
    """A snooze ends in the future, and within LONGEST_SNOOZE."""


# Years that can be told lie outside of those that the database gives back.
LONGEST_SNOOZE = timedelta(days=3652)

ERRORS = {
    Reason.UNKNOWN: UnknownAlertError,
    Reason.ACKNOWLEDGED: AlreadyAcknowledgedError,
    Reason.RESOLVED: AlreadyResolvedError,
    Reason.NOT_A_MEMBER: NotAMemberError,
}
IS_RESOLVED = {Reason.RESOLVED: "alert.resolved_at IS NOT NULL"}
WAS_STATUS = f"jsonb_build_object('status', {STATUS})"
NO_SNOOZE = "snoozed_at = NULL, snoozed_until = NULL, snoozed_by_id = NULL"

ACKNOWLEDGE = Action(
    step=AlertEntry.Step.ACKNOWLEDGED,
    refuses=IS_RESOLVED | {Reason.ACKNOWLEDGED: "alert.acknowledged_at IS NOT NULL"},
    sets=f"acknowledged_at = %(at)s, acknowledged_by_id = %(actor)s, {NO_SNOOZE}",
    before=WAS_STATUS,
    after="jsonb_build_object('status', 'acknowledged')",
)
ASSIGN = Action(
    step=AlertEntry.Step.ASSIGNED,
    refuses=IS_RESOLVED
    | {
        Reason.UNCHANGED: "alert.owner_id IS NOT DISTINCT FROM %(owner)s",
        Reason.NOT_A_MEMBER: """%(owner)s::bigint IS NOT NULL AND NOT EXISTS (
            SELECT FROM accounts_membership AS membership
            WHERE membership.organization_id = alert.organization_id AND membership.user_id = %(owner)s
        )""",
    },
    sets="owner_id = %(owner)s",
    before="jsonb_build_object('owner', alert.owner_id)",
    after="jsonb_build_object('owner', %(owner)s::bigint)",
)
SNOOZE = Action(
    step=AlertEntry.Step.SNOOZED,
    refuses=IS_RESOLVED,
    sets="snoozed_at = %(at)s, snoozed_until = %(until)s, snoozed_by_id = %(actor)s",
    before=WAS_STATUS,
    after="jsonb_build_object('status', 'snoozed', 'until', %(until)s::timestamptz)",
)
WAKE = Action(
    step=AlertEntry.Step.WOKEN,
    refuses=IS_RESOLVED | {Reason.NOT_SNOOZED: f"{STATUS} <> 'snoozed'"},
    sets=NO_SNOOZE,
    before=WAS_STATUS,
    after="jsonb_build_object('status', CASE WHEN alert.acknowledged_at IS NULL THEN 'open' ELSE 'acknowledged' END)",
)
RESOLVE = Action(
    step=AlertEntry.Step.RESOLVED,
    refuses=IS_RESOLVED,
    sets="resolved_at = %(at)s, resolved_by_id = %(actor)s, resolution = 'by_hand'",
    before=WAS_STATUS,
    after="jsonb_build_object('status', 'resolved', 'resolution', 'by_hand')",
)
REOPEN = Action(
    step=AlertEntry.Step.REOPENED,
    refuses={
        Reason.NOT_RESOLVED: "alert.resolved_at IS NULL",
        Reason.SUPERSEDED: """EXISTS (
            SELECT FROM health_alert AS newer
            WHERE newer.organization_id = alert.organization_id AND newer.client_id = alert.client_id
                AND newer.matter = alert.matter AND (newer.opened_at, newer.id) > (alert.opened_at, alert.id)
        )""",
    },
    sets=f"""resolved_at = NULL, resolved_by_id = NULL, resolution = '', ended_at = NULL, changed_at = %(at)s,
        good_evaluations = 0, good_at = NULL, acknowledged_at = NULL, acknowledged_by_id = NULL, {NO_SNOOZE}""",
    before=WAS_STATUS,
    after="jsonb_build_object('status', 'open')",
)
NOTE = Action(step=AlertEntry.Step.NOTED)
JUDGE = Action(
    step=AlertEntry.Step.JUDGED,
    refuses={Reason.UNCHANGED: "alert.verdict = %(verdict)s"},
    sets="verdict = %(verdict)s, verdict_at = %(at)s, verdict_by_id = %(actor)s",
    before="jsonb_build_object('verdict', alert.verdict)",
    after="jsonb_build_object('verdict', %(verdict)s::text)",
)


def acknowledge_alerts(alert_ids: Iterable[int], *, actor: Actor, at: datetime, note: str = "") -> Outcome:
    """The first wins, and what is resolved stays so. Whoever acknowledges a snoozed alert ends the snooze."""
    return take_step(ACKNOWLEDGE, alert_ids, actor=actor, at=at, note=note)


def acknowledge_alert(alert_id: int, *, actor: Actor, at: datetime, note: str = "") -> None:
    """Raises AlreadyAcknowledgedError, AlreadyResolvedError and UnknownAlertError."""
    _one(alert_id, acknowledge_alerts([alert_id], actor=actor, at=at, note=note))


def assign_alerts(
    alert_ids: Iterable[int], *, owner: User | None, actor: Actor, at: datetime, note: str = ""
) -> Outcome:
    """Give unresolved alerts to a member, or to nobody."""
    return take_step(ASSIGN, alert_ids, actor=actor, at=at, note=note, owner=owner.pk if owner else None)


def assign_alert(alert_id: int, *, owner: User | None, actor: Actor, at: datetime, note: str = "") -> None:
    """Raises NotAMemberError, AlreadyResolvedError and UnknownAlertError; assigned again it changes nothing."""
    _one(alert_id, assign_alerts([alert_id], owner=owner, actor=actor, at=at, note=note))


def snooze_alerts(
    alert_ids: Iterable[int], *, until: datetime | None, actor: Actor, at: datetime, note: str = ""
) -> Outcome:
    """Until a time, or (None) until kind or severity change. Raises UnableToSnoozeError."""
    if until is not None and not at < until <= at + LONGEST_SNOOZE:
        raise UnableToSnoozeError
    return take_step(SNOOZE, alert_ids, actor=actor, at=at, note=note, until=until)


def snooze_alert(alert_id: int, *, until: datetime | None, actor: Actor, at: datetime, note: str = "") -> None:
    """Raises UnableToSnoozeError, AlreadyResolvedError and UnknownAlertError."""
    _one(alert_id, snooze_alerts([alert_id], until=until, actor=actor, at=at, note=note))


def wake_alerts(alert_ids: Iterable[int], *, actor: Actor, at: datetime, note: str = "") -> Outcome:
    """End the snooze."""
    return take_step(WAKE, alert_ids, actor=actor, at=at, note=note)


def wake_alert(alert_id: int, *, actor: Actor, at: datetime, note: str = "") -> None:
    """Raises AlreadyResolvedError and UnknownAlertError; an alert that is not snoozed is left as it is."""
    _one(alert_id, wake_alerts([alert_id], actor=actor, at=at, note=note))


def resolve_alerts(alert_ids: Iterable[int], *, actor: Actor, at: datetime, note: str = "") -> Outcome:
    """Close by hand. While the condition lasts it stays quiet, unless it gets worse: then the alert reopens."""
    return take_step(RESOLVE, alert_ids, actor=actor, at=at, note=note)


def resolve_alert(alert_id: int, *, actor: Actor, at: datetime, note: str = "") -> None:
    """Raises AlreadyResolvedError and UnknownAlertError."""
    _one(alert_id, resolve_alerts([alert_id], actor=actor, at=at, note=note))


def reopen_alerts(alert_ids: Iterable[int], *, actor: Actor, at: datetime, note: str = "") -> Outcome:
    """Open resolved alerts again, where no newer one of their client and matter has come.

    The next check resolves those whose condition is over.
    """
    return take_step(REOPEN, alert_ids, actor=actor, at=at, note=note)


def reopen_alert(alert_id: int, *, actor: Actor, at: datetime, note: str = "") -> None:
    """Raises UnableToChangeAlertError when a newer one has come, UnknownAlertError; an open one is left as it is."""
    _one(alert_id, reopen_alerts([alert_id], actor=actor, at=at, note=note))


def note_on_alerts(alert_ids: Iterable[int], *, actor: Actor, at: datetime, note: str) -> Outcome:
    """Add to the log, whatever the state."""
    return take_step(NOTE, alert_ids, actor=actor, at=at, note=note)


def note_on_alert(alert_id: int, *, actor: Actor, at: datetime, note: str) -> None:
    """Raises UnknownAlertError."""
    _one(alert_id, note_on_alerts([alert_id], actor=actor, at=at, note=note))


def judge_alerts(
    alert_ids: Iterable[int], *, verdict: Alert.Verdict, actor: Actor, at: datetime, note: str = ""
) -> Outcome:
    """Say whether it was good to know, whatever the state; the last word counts."""
    return take_step(JUDGE, alert_ids, actor=actor, at=at, note=note, verdict=verdict)


def judge_alert(alert_id: int, *, verdict: Alert.Verdict, actor: Actor, at: datetime, note: str = "") -> None:
    """Raises UnknownAlertError; judged the same again it changes nothing."""
    _one(alert_id, judge_alerts([alert_id], verdict=verdict, actor=actor, at=at, note=note))


LEFT_AS_IT_IS = (Reason.UNCHANGED, Reason.NOT_SNOOZED, Reason.NOT_RESOLVED)


def _one(alert_id: int, outcome: Outcome) -> None:
    refusal = outcome.refused.get(alert_id)
    if refusal and refusal.reason not in LEFT_AS_IT_IS:
        raise ERRORS.get(refusal.reason, UnableToChangeAlertError)(alert_id, refusal)
