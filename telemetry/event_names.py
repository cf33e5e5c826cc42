"""An organization's own names for what its clients do, and what follows when one changes its meaning."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Count, Max, Min
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.models import Organization, User
from telemetry.activity_lock import activity_lock
from telemetry.event_types import BASE_TYPE_OF, OPERATIONAL_NAMES, Category, EventType
from telemetry.incoming import NAME_LENGTH
from telemetry.models import Event, EventName

MOST_LISTED = 100

# Which counter an event of which base type stands in.
COUNTER_OF = {str(name): str(name) for name in EventType} | {"": "unmapped"}

_MOVED = ", ".join(
    f"{counter} = known.{counter} - moved.{counter} + CASE WHEN %(base_type)s = '{base_type}' THEN moved.n ELSE 0 END"
    for base_type, counter in COUNTER_OF.items()
)
_BEFORE = ", ".join(
    f"count(*) FILTER (WHERE e.base_type = '{base_type}') AS {counter}" for base_type, counter in COUNTER_OF.items()
)
_CHANGING = """e.organization_id = %(organization)s AND e.name = %(name)s AND e.category = 'engagement'
           AND e.call = 'track' AND e.base_type <> %(base_type)s"""

# Every part of one statement sees the rows as they were before it: counting and changing agree.
REDERIVE = f"""
    WITH moved AS MATERIALIZED (
        SELECT e.client_id, (e.occurred_at AT TIME ZONE o.timezone)::date AS day, count(*) AS n, {_BEFORE}
          FROM telemetry_event e JOIN accounts_organization o ON o.id = e.organization_id
         WHERE {_CHANGING} AND e.client_id IS NOT NULL
         GROUP BY e.client_id, day
    ), daily AS (
        UPDATE telemetry_dailyactivity AS known SET {_MOVED}
          FROM moved
         WHERE known.organization_id = %(organization)s AND known.day = moved.day
           AND known.client_id = moved.client_id
    )
    UPDATE telemetry_event e SET base_type = %(base_type)s WHERE {_CHANGING}
"""


def map_event_name(organization: Organization, name: str, *, base_type: str, actor: User | None) -> EventName:
    """Let events of this name count as the base type, those already stored as well, in one transaction.

    Days whose events were dropped stay as they were counted. Again with the same type it changes nothing.
    Needs the organization's scope. Raises ValidationError.
    """
    check_event_name(name, base_type=base_type)
    activity_lock(organization.pk, exclusive=True)
    known = EventName.objects.filter(organization=organization, name=name).first()
    if known and known.base_type == base_type:
        return known
    event_name = known or EventName(organization=organization, name=name, created_by=actor)
    before, event_name.base_type = (known.base_type if known else ""), base_type
    event_name.save()
    changed = _rederive(organization.pk, name, base_type)
    _record(event_name, actor, before=before, after=base_type, events=changed)
    return event_name


def unmap_event_name(event_name: EventName, *, actor: User | None) -> None:
    """Take the name's meaning back: its events count as activity only. Needs the organization's scope."""
    activity_lock(event_name.organization_id, exclusive=True)
    changed = _rederive(event_name.organization_id, event_name.name, "")
    _record(event_name, actor, before=event_name.base_type, after="", events=changed)
    event_name.delete()


def check_event_name(name: str, *, base_type: str) -> None:
    """Raises ValidationError when the name cannot be given this meaning."""
    if not name.strip() or len(name) > NAME_LENGTH or "\0" in name:
        raise ValidationError({"name": _("A name has 1 to %(most)s characters.") % {"most": NAME_LENGTH}})
    if name in BASE_TYPE_OF or name in OPERATIONAL_NAMES:
        raise ValidationError({"name": _("%(name)s is a name of the product; its meaning is fixed.") % {"name": name}})
    if base_type not in EventType.values:
        raise ValidationError({"base_type": _("%(type)s is no base type.") % {"type": base_type}})


@dataclass(frozen=True, slots=True)
class UnmappedName:
    """A name without a base type; `events` of it are stored, from the first to the last that happened."""

    organization_id: int
    organization: str
    name: str
    events: int
    first_at: datetime
    last_at: datetime


def unmapped_names(organization_id: int | None) -> list[UnmappedName]:
    """The most frequent first, at most MOST_LISTED, of one organization or of all that the scope shows."""
    events = Event.objects.filter(base_type="", category=Category.ENGAGEMENT)
    if organization_id is not None:
        events = events.filter(organization=organization_id)
    rows = (
        events.values_list("organization_id", "organization__slug", "name")
        .annotate(events=Count("*"), first_at=Min("occurred_at"), last_at=Max("occurred_at"))
        .order_by("-events", "name", "organization_id")[:MOST_LISTED]
    )
    return [UnmappedName(*row) for row in rows]


def _rederive(organization_id: int, name: str, base_type: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(REDERIVE, {"organization": organization_id, "name": name, "base_type": base_type})
        changed: int = cursor.rowcount
    return changed


def _record(event_name: EventName, actor: User | None, *, before: str, after: str, events: int) -> None:
    record_audit(
        "event_name.mapped" if after else "event_name.unmapped",
        subject=event_name,
        organization=event_name.organization,
        actor=actor,
        changes={"name": event_name.name, "from": before, "to": after, "events": events},
    )
