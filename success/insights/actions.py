"""What a client does with an insight. Done again, each changes nothing.

All raise UnknownInsightError where the client has no such insight, whatever the id looks like. The first time that an
insight is read, acted on or dismissed is an insight_reviewed event of the client.
"""

from datetime import datetime

from accounts.models import Client
from success.models import Insight
from telemetry.tracking import track_insight_reviewed


class UnknownInsightError(LookupError):
    """The client has no such insight."""


def read_insight(client: Client, insight_id: int | str, *, at: datetime) -> Insight:
    return _mark(client, insight_id, ["read_at"], at=at)


def act_on_insight(client: Client, insight_id: int | str, *, at: datetime) -> Insight:
    """The client followed its action, and so has read it."""
    return _mark(client, insight_id, ["read_at", "acted_at"], at=at)


def dismiss_insight(client: Client, insight_id: int | str, *, at: datetime) -> Insight:
    """The client wants to see it no more, and so has read it."""
    return _mark(client, insight_id, ["read_at", "dismissed_at"], at=at)


def _mark(client: Client, insight_id: int | str, stamps: list[str], *, at: datetime) -> Insight:
    found = Insight.objects.filter(organization=client.organization_id, client=client, pk=_row_id(insight_id))
    # Conditional updates: of several at the same time one stamps, and so one tracks.
    stamped = [name for name in stamps if found.filter(**{name: None}).update(**{name: at})]
    insight = found.first()
    if insight is None:
        raise UnknownInsightError(insight_id)
    if "read_at" in stamped:
        track_insight_reviewed(
            client,
            data={"insight": insight.pk, "kind": insight.kind},
            occurred_at=at,
            message_id=f"insight-{insight.pk}-reviewed",
        )
    return insight


def _row_id(insight_id: int | str) -> int:
    text = str(insight_id)
    # Longer ones, and the digits of other scripts, are no ids; int() would take or refuse them.
    if not (text.isascii() and text.isdecimal() and len(text) <= 19):
        raise UnknownInsightError(insight_id)
    return int(text)
