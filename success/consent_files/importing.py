"""What clients agreed to, from a file: a few statements for some thousand rows, and the same file changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from django.db.models.functions import Coalesce

from accounts.models import Client, Organization, User
from accounts.tenancy import organization_scope
from emails.categories import Category
from emails.consent import Word, keep_words
from emails.models import MailPreference
from emails.models.preferences import Source
from success.consent_files.sheet import ConsentRow
from success.task_files.sheet import RowError

BATCH = 5_000


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"  # the client has said so before, or something newer


@dataclass(frozen=True, slots=True)
class ImportedWord:
    row: ConsentRow
    outcome: Outcome


def import_consents(
    organization: Organization, rows: Iterator[ConsentRow | RowError], *, actor: User | None
) -> Iterator[ImportedWord | RowError]:
    """Record what the rows say and give what became of each, in their order.

    Each batch is a transaction in the organization's scope, a savepoint where the caller's is around it; killed in
    between, the file is imported again. Of two rows of one client and category the first counts.
    """
    first_lines: dict[tuple[int, Category], int] = {}
    while batch := list(islice(rows, BATCH)):
        with organization_scope(organization.pk):
            yield from _store(organization, batch, first_lines, actor=actor)


def _store(
    organization: Organization,
    batch: list[ConsentRow | RowError],
    first_lines: dict[tuple[int, Category], int],
    *,
    actor: User | None,
) -> list[ImportedWord | RowError]:
    clients = _clients(organization, [row.client for row in batch if isinstance(row, ConsentRow)])
    checked = [_checked(row, clients, first_lines) for row in batch]
    words = {row.line: _word(row, clients) for row in checked if isinstance(row, ConsentRow)}
    known = _known(organization, list(clients.values()))
    changed = keep_words(organization.pk, words.values(), source=Source.IMPORT, actor=actor)
    return [_became(row, words[row.line], known, changed) if isinstance(row, ConsentRow) else row for row in checked]


def _became(
    row: ConsentRow, word: Word, known: set[tuple[int, str]], changed: set[tuple[int, str]]
) -> ImportedWord | RowError:
    whose = (word.client_id, word.category.value)
    if whose not in changed:
        return ImportedWord(row, Outcome.SAME)
    return ImportedWord(row, Outcome.CHANGED if whose in known else Outcome.NEW)


def _word(row: ConsentRow, clients: dict[str, int]) -> Word:
    detail = {"note": row.note} if row.note else {}
    return Word(clients[row.client], row.category, row.is_given, row.given_at, row.frequency, detail)


def _checked(
    row: ConsentRow | RowError, clients: dict[str, int], first_lines: dict[tuple[int, Category], int]
) -> ConsentRow | RowError:
    if isinstance(row, RowError):
        return row
    client = clients.get(row.client)
    if client is None:
        return RowError(row.line, f"client: there is no client “{row.client[:80]}”.")
    first = first_lines.setdefault((client, row.category), row.line)
    return row if first == row.line else RowError(row.line, f"It is the same client and category as in line {first}.")


def _clients(organization: Organization, external_ids: list[str]) -> dict[str, int]:
    """The ids of those that are there, or of those that they were merged into."""
    found = Client.objects.filter(organization=organization, external_id__in=external_ids)
    return dict(found.values_list("external_id", Coalesce("merged_into", "pk")))


def _known(organization: Organization, clients: list[int]) -> set[tuple[int, str]]:
    rows = MailPreference.objects.filter(organization=organization, client__in=clients)
    return set(rows.values_list("client", "category"))
