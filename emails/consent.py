"""What clients agree to: the newest word on each category counts, and every word that changed something is kept."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import Client, User
from emails.categories import Category, Frequency
from emails.models import Consent, MailPreference
from emails.models.preferences import Source

# A frequency that is not given stays as it is.
FREQUENCY = """coalesce(
    (SELECT said.frequency FROM said WHERE said.client = known.client_id AND said.category = known.category),
    known.frequency)"""
DIFFERS = f"(known.is_agreed <> EXCLUDED.is_agreed OR known.frequency <> {FREQUENCY})"
HEARD_AT = "greatest(known.changed_at, known.repeated_at)"
# Clients are locked so that none is merged meanwhile: of one that was before, the word counts for who is left. Of
# several words on the same the newest counts, also against what stands; at the very same time, the stricter.
RECORD = f"""
    WITH word AS (
        SELECT * FROM jsonb_to_recordset(%(words)s::jsonb)
            AS word (client bigint, category text, is_given boolean, frequency text, at timestamptz, detail jsonb)
    ),
    holder AS (
        SELECT id, coalesce(merged_into_id, id) AS own FROM accounts_client
        WHERE organization_id = %(organization)s AND id IN (SELECT client FROM word)
        ORDER BY id FOR NO KEY UPDATE
    ),
    said AS (
        SELECT DISTINCT ON (client, category)
            coalesce(holder.own, word.client) AS client, category, is_given, frequency, at, detail
        FROM word LEFT JOIN holder ON holder.id = word.client
        ORDER BY client, category, at DESC, is_given
    ),
    kept AS (
        INSERT INTO emails_mailpreference AS known
            (organization_id, client_id, category, is_agreed, frequency, source, changed_at)
        SELECT %(organization)s, client, category, is_given, coalesce(frequency, %(usual)s), %(source)s, at
        FROM said ORDER BY client, category
        ON CONFLICT (organization_id, client_id, category) DO UPDATE SET
            is_agreed = EXCLUDED.is_agreed,
            frequency = {FREQUENCY},
            source = CASE WHEN {DIFFERS} THEN EXCLUDED.source ELSE known.source END,
            changed_at = CASE WHEN {DIFFERS} THEN EXCLUDED.changed_at ELSE known.changed_at END,
            repeated_at = CASE WHEN {DIFFERS} THEN NULL ELSE EXCLUDED.changed_at END
        WHERE EXCLUDED.changed_at > {HEARD_AT} OR (EXCLUDED.changed_at = {HEARD_AT} AND {DIFFERS})
        RETURNING client_id, category, is_agreed, frequency, repeated_at
    )
    INSERT INTO emails_consent (organization_id, client_id, category, is_given, frequency, source, actor_id, at, detail)
    SELECT %(organization)s, client_id, category, is_agreed, kept.frequency, %(source)s, %(actor)s, said.at, said.detail
    FROM kept JOIN said USING (category) WHERE said.client = kept.client_id AND kept.repeated_at IS NULL
    ORDER BY client_id, category
    RETURNING client_id, category
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
    """Keep what clients said; returns how many words changed something. As `keep_words` does."""
    return len(keep_words(organization_id, words, source=source, actor=actor))


def keep_words(
    organization_id: int, words: Iterable[Word], *, source: Source, actor: User | None = None
) -> set[tuple[int, str]]:
    """Keep what clients said; returns of whom, by id, and about which categories it changed something.

    Needs the organization's scope. The same word again is not kept, only that it still held then; an older one than
    what is known changes nothing. One statement, however many.
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
        return set()
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
        return set(cursor.fetchall())


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


def history_of(client: Client) -> QuerySet[Consent]:
    """Every word that changed something, the newest first, with those of clients that were merged into this one.

    Needs the organization's scope.
    """
    own = Q(client=client) | Q(client__merged_into=client)
    rows = Consent.objects.filter(own, organization=client.organization_id)
    return rows.select_related("actor").order_by("-at", "-id")
