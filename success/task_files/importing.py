"""Tasks of a file, stored: a statement for some thousand rows, and the same file again changes nothing."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice

from django.db import connection
from django.db.models.functions import Coalesce

from accounts.models import Client
from accounts.tenancy import organization_scope
from success.task_files.sheet import RowError, TaskRow, TaskSheet

BATCH = 5_000
# Rows without an external id have no unique key: imports into one organization wait for each other.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('success_import_tasks', %s))"
STORE = """
WITH said AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS said (line integer, client_id bigint, external_id text,
        title text, status text, is_onboarding boolean, due_on date, completed_at timestamptz)
),
unnamed AS (
    SELECT client_id, title, min(id) AS id FROM success_task
    WHERE organization_id = %(organization)s AND client_id = ANY(%(unnamed_of)s::bigint[]) AND external_id = ''
    GROUP BY client_id, title
),
meant AS (
    SELECT said.*, coalesce(named.id, unnamed.id) AS task_id FROM said
    LEFT JOIN success_task AS named ON named.organization_id = %(organization)s AND named.client_id = said.client_id
        AND named.external_id = said.external_id AND named.external_id <> ''
    LEFT JOIN unnamed ON said.external_id = '' AND unnamed.client_id = said.client_id AND unnamed.title = said.title
),
wanted AS MATERIALIZED (
    SELECT meant.line, meant.client_id, meant.task_id, meant.external_id, meant.title,
        coalesce(meant.status, task.status, 'todo') AS status,
        coalesce(meant.is_onboarding, task.is_onboarding, false) AS is_onboarding,
        CASE WHEN %(says_due_on)s THEN meant.due_on ELSE task.due_on END AS due_on,
        CASE WHEN coalesce(meant.status, task.status) = 'done'
            THEN coalesce(meant.completed_at, task.completed_at, %(at)s) END AS completed_at
    FROM meant LEFT JOIN success_task AS task ON task.id = meant.task_id
),
changed AS (
    UPDATE success_task AS task SET title = wanted.title, status = wanted.status,
        is_onboarding = wanted.is_onboarding, due_on = wanted.due_on, completed_at = wanted.completed_at,
        updated_at = %(at)s
    FROM wanted
    WHERE task.organization_id = %(organization)s AND task.id = wanted.task_id
        AND (task.title, task.status, task.is_onboarding, task.due_on, task.completed_at) IS DISTINCT FROM
            (wanted.title, wanted.status, wanted.is_onboarding, wanted.due_on, wanted.completed_at)
    RETURNING wanted.line
),
added AS (
    INSERT INTO success_task (organization_id, client_id, external_id, title, status, is_onboarding, due_on,
        created_at, updated_at, completed_at)
    SELECT %(organization)s, client_id, external_id, title, status, is_onboarding, due_on,
        least(%(at)s, completed_at), %(at)s, completed_at
    FROM wanted WHERE task_id IS NULL ORDER BY line
    ON CONFLICT (organization_id, client_id, external_id) WHERE external_id <> '' DO NOTHING
)
SELECT wanted.line, CASE WHEN wanted.task_id IS NULL THEN 'new' WHEN changed.line IS NULL THEN 'same' ELSE 'changed' END
FROM wanted LEFT JOIN changed USING (line) ORDER BY wanted.line
"""


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Imported:
    row: TaskRow
    outcome: Outcome


@dataclass(slots=True)
class _Seen:
    """The line on which each task stood first: named twice, its last row would win anew with every import."""

    lines: dict[tuple[int, str, str], int] = field(default_factory=dict)

    def checked(self, row: TaskRow | RowError, clients: dict[str, int]) -> TaskRow | RowError:
        if isinstance(row, RowError):
            return row
        client = clients.get(row.client)
        if client is None:
            return RowError(row.line, f"client: there is no client “{row.client}”.")
        first = self.lines.setdefault((client, row.external_id, "" if row.external_id else row.title), row.line)
        return row if first == row.line else RowError(row.line, f"It is the same task as in line {first}.")


def import_tasks(
    organization_id: int,
    sheet: TaskSheet,
    *,
    at: datetime,
) -> Iterator[Imported | RowError]:
    """Store the rows and give what became of each, in their order.

    A row with an external id is that task of the client; one without is the client's task of that title. Each
    batch is a transaction in the organization's scope, a savepoint where the caller's is around it; killed in
    between, the file is imported again. Another's client is unknown. Tracks no events, for nobody says that it was
    the client who did it here.
    """
    seen = _Seen()
    while batch := list(islice(sheet.rows, BATCH)):
        yield from _store(organization_id, batch, seen, says_due_on="due_on" in sheet.columns, at=at)


def _store(
    organization_id: int, batch: list[TaskRow | RowError], seen: _Seen, *, says_due_on: bool, at: datetime
) -> list[Imported | RowError]:
    with organization_scope(organization_id), connection.cursor() as cursor:
        clients = _clients(organization_id, {row.client for row in batch if isinstance(row, TaskRow)})
        checked = [seen.checked(row, clients) for row in batch]
        rows = {row.line: row for row in checked if isinstance(row, TaskRow)}
        said = [asdict(row) | {"client_id": clients[row.client]} for row in rows.values()]
        cursor.execute(ONE_AT_A_TIME, [organization_id])
        cursor.execute(
            STORE,
            {
                "organization": organization_id,
                "rows": json.dumps(said, default=str),
                "unnamed_of": list({clients[row.client] for row in rows.values() if not row.external_id}),
                "says_due_on": says_due_on,
                "at": at,
            },
        )
        outcomes = {line: Imported(rows[line], Outcome(outcome)) for line, outcome in cursor.fetchall()}
    return [outcomes[row.line] if isinstance(row, TaskRow) else row for row in checked]


def _clients(organization_id: int, external_ids: Iterable[str]) -> dict[str, int]:
    """The ids of those that are there, or of those that they were merged into."""
    found = Client.objects.filter(organization=organization_id, external_id__in=list(external_ids))
    return dict(found.values_list("external_id", Coalesce("merged_into", "pk")))
