"""Clients who left, from a file: a few statements for some thousand rows, and the same file again changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models.functions import Coalesce

from accounts.models import Client, Organization, User
from accounts.tenancy import organization_scope
from success.churn import ChurnMark, MarkOutcome, UnableToMarkChurnError, mark_all_churned
from success.churn_files.sheet import ChurnRow
from success.task_files.sheet import RowError

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class ImportedMark:
    row: ChurnRow
    outcome: MarkOutcome


def import_churn(
    organization: Organization, rows: Iterator[ChurnRow | RowError], *, actor: User | None, at: datetime
) -> Iterator[ImportedMark | RowError]:
    """Mark the clients and give what became of each row, in their order.

    Each batch is a transaction in the organization's scope, a savepoint where the caller's is around it; killed in
    between, the file is imported again. Another's client is unknown. Of two rows of one client the first counts.
    """
    first_lines: dict[int, int] = {}
    while batch := list(islice(rows, BATCH)):
        with organization_scope(organization.pk):
            yield from _store(organization, batch, first_lines, actor=actor, at=at)


def _store(
    organization: Organization,
    batch: list[ChurnRow | RowError],
    first_lines: dict[int, int],
    *,
    actor: User | None,
    at: datetime,
) -> list[ImportedMark | RowError]:
    clients = _clients(organization, [row.client for row in batch if isinstance(row, ChurnRow)])
    checked = [_checked(row, clients, first_lines) for row in batch]
    rows = [row for row in checked if isinstance(row, ChurnRow)]
    marks = [ChurnMark(clients[row.client], row.churned_on, row.reason) for row in rows]
    outcomes = mark_all_churned(organization, marks, actor=actor, at=at)
    became = {row.line: _became(row, outcome) for row, outcome in zip(rows, outcomes, strict=True)}
    return [became[row.line] if isinstance(row, ChurnRow) else row for row in checked]


def _became(row: ChurnRow, outcome: MarkOutcome | UnableToMarkChurnError) -> ImportedMark | RowError:
    if isinstance(outcome, UnableToMarkChurnError):
        return RowError(row.line, str(outcome))
    return ImportedMark(row, outcome)


def _checked(row: ChurnRow | RowError, clients: dict[str, int], first_lines: dict[int, int]) -> ChurnRow | RowError:
    if isinstance(row, RowError):
        return row
    client = clients.get(row.client)
    if client is None:
        return RowError(row.line, f"client: there is no client “{row.client[:80]}”.")
    first = first_lines.setdefault(client, row.line)
    return row if first == row.line else RowError(row.line, f"It is the same client as in line {first}.")


def _clients(organization: Organization, external_ids: list[str]) -> dict[str, int]:
    """The ids of those that are there, or of those that they were merged into."""
    found = Client.objects.filter(organization=organization, external_id__in=external_ids)
    return dict(found.values_list("external_id", Coalesce("merged_into", "pk")))
