"""Recording again what was kept because it could not be counted as it stood."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.audit import record_audit
from accounts.models import Organization, User
from telemetry.incoming import IncomingEvent
from telemetry.models import Event, QuarantinedEvent
from telemetry.recording import Reception, record


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many are events now, and how many still cannot be and wait on."""

    replayed: int
    waiting: int


def replay(
    quarantined_ids: Iterable[int], *, actor: User | None, as_of: datetime, received_time: bool = False
) -> Replayed:
    """Record kept messages under their own ids, as of now: the client may be known, the time may have come.

    `received_time` counts them at the time they were received instead of the time that they state. Needs
    a scope; what was replayed before is left alone. Who did it is put in the audit log.
    """
    with transaction.atomic():
        waiting = list(
            QuarantinedEvent.objects.select_for_update(of=("self",))
            .filter(pk__in=list(quarantined_ids), replayed_at=None)
            .order_by("organization_id", "pk")
        )
        replayed = sum(
            _replay(organization_id, list(rows), actor=actor, as_of=as_of, received_time=received_time)
            for organization_id, rows in groupby(waiting, key=lambda row: row.organization_id)
        )
    return Replayed(replayed, len(waiting) - replayed)


def _replay(
    organization_id: int,
    rows: Sequence[QuarantinedEvent],
    *,
    actor: User | None,
    as_of: datetime,
    received_time: bool,
) -> int:
    reception = Reception(organization_id, received_at=as_of, as_of=as_of, is_replay=True)
    record(reception, [_event(row, received_time=received_time) for row in rows])
    recorded = Event.objects.filter(organization_id=organization_id, message_id=OuterRef("message_id"))
    replayed = QuarantinedEvent.objects.filter(Exists(recorded), pk__in=[row.pk for row in rows]).update(
        replayed_at=as_of, replayed_by=actor
    )
    record_audit(
        "quarantine.replayed",
        subject=Organization(pk=organization_id),
        organization=Organization(pk=organization_id),
        actor=actor,
        changes={"ids": [row.pk for row in rows], "replayed": replayed, "received_time": received_time},
    )
    return replayed


def _event(row: QuarantinedEvent, *, received_time: bool) -> IncomingEvent:
    kept = row.message
    return IncomingEvent(
        message_id=row.message_id,
        name=kept["name"],
        call=kept["call"],
        external_id=kept["external_id"],
        anonymous_id=kept["anonymous_id"],
        data=kept["data"],
        page_path=kept["page_path"],
        session_id=kept["session_id"],
        duration_seconds=kept["duration_seconds"],
        success=kept["success"],
        stated_at=None if received_time else kept.get("stated_at", kept.get("original_at")),
        sent_at=None if received_time else kept.get("stated_sent_at", kept.get("sent_at")),
        received_at=row.received_at,
    )
