"""What clients agree to: the newest word on each category counts, and every word that changed something is kept."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import Client, User
from emails.categories import Category, Frequency
from emails.models import MailPreference
from emails.models.preferences import Source

# Of several words on the same the newest counts, also against what is known. A frequency that is not given stays.
RECORD = """
    WITH said AS (
        SELECT DISTINCT ON (word.client, word.category) word.client, word.category, is_given, at,
            coalesce(word.frequency, known.frequency, %(usual)s) AS frequency, coalesce(word.detail, '{}') AS detail
        FROM jsonb_to_recordset(%(words)s::jsonb)
            AS word (client bigint, category text, is_given boolean, frequency text, at timestamptz, detail jsonb)
        LEFT JOIN emails_mailpreference AS known ON known.organization_id = %(organization)s
            AND known.client_id = word.client AND known.category = word.category
        ORDER BY word.client, word.category, at DESC
    ),
    changed AS (
        INSERT INTO emails_mailpreference AS known
            (organization_id, client_id, category, is_agreed, frequency, source, changed_at)
        SELECT %(organization)s, client, category, is_given, frequency, %(source)s, at FROM said
        ON CONFLICT (organization_id, client_id, category) DO UPDATE SET is_agreed = EXCLUDED.is_agreed,
            frequency = EXCLUDED.frequency, source = EXCLUDED.source, changed_at = EXCLUDED.changed_at
        WHERE known.changed_at <= EXCLUDED.changed_at
            AND (known.is_agreed, known.frequency) <> (EXCLUDED.is_agreed, EXCLUDED.frequency)
        RETURNING client_id, category
    )
    INSERT INTO emails_consent (organization_id, client_id, category, is_given, frequency, source, actor_id, at, detail)
    SELECT %(organization)s, client, said.category, is_given, frequency, %(source)s, %(actor)s, at, detail
    FROM said JOIN changed ON changed.client_id = said.client AND changed.category = said.category
"""


@dataclass(frozen=True, slots=True)
class Word:
    """What one client said about one category, and when; `frequency` None leaves it as it is."""

    client_id: int
    category: Category
    is_given: bool
    at: datetime
    frequency: Frequency | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def record_consents(organization_id: int, words: Iterable[Word], *, source: Source, actor: User | None = None) -> int:
    """Keep what clients said; returns how many words changed something. Needs the organization's scope.

    The same word again changes nothing, nor does an older one than what is known. One statement, however many.
    """
    rows = [
        {
            "client": word.client_id,
            "category": word.category,
            "is_given": word.is_given,
            "frequency": word.frequency,
            "at": word.at.isoformat(),
            "detail": dict(word.detail),
        }
        for word in words
    ]
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                "words": json.dumps(rows),
                "organization": organization_id,
                "usual": Frequency.EVERY_WEEK,
                "source": source,
                "actor": actor.pk if actor else None,
            },
        )
        return int(cursor.rowcount)


def record_consent(
    client: Client,
    *,
    category: Category,
    is_given: bool,
    source: Source,
    at: datetime,
    actor: User | None = None,
    frequency: Frequency | None = None,
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """True when it changed something. Needs the organization's scope."""
    word = Word(client.pk, category, is_given, at, frequency, detail or {})
    return bool(record_consents(client.organization_id, [word], source=source, actor=actor))


def preferences_of(client: Client) -> dict[Category, MailPreference | None]:
    """Of every category; None where the client was never asked. Needs the organization's scope."""
    rows = MailPreference.objects.filter(organization=client.organization_id, client=client)
    known = {Category(row.category): row for row in rows}
    return {category: known.get(category) for category in Category}
