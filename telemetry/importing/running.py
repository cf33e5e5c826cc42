"""One import from its first batch to its last, wherever it was stopped before."""

import codecs
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import connection
from django.db.models import F

from accounts.models import Organization
from accounts.tenancy import organization_scope
from telemetry.importing.events import EventOf, event_reader
from telemetry.importing.files import as_text, content_digest, opened
from telemetry.importing.options import ImportOptions, UnableToImportError
from telemetry.importing.report import Report
from telemetry.importing.rows import SourceRow, rows_of
from telemetry.incoming import IncomingEvent, Recorded, Rejection
from telemetry.message_fields import RejectedEventError
from telemetry.models import ImportFile
from telemetry.recording import record_events

# The planner's statistics of a fresh installation are those of empty tables, and plans made of them get slower
# with every row. The server looks by itself after a minute or more.
STATISTICS_AFTER = (1, 4, 16, 64)

Clock = Callable[[], datetime]
Told = Callable[[ImportFile, int], None]


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: int
    events: list[IncomingEvent]
    rejected: list[Rejection]


def import_file(
    organization: Organization,
    path: Path,
    options: ImportOptions,
    *,
    name: str,
    clock: Clock,
    report: Path | None = None,
    again: bool = False,
    tell: Told | None = None,
) -> ImportFile:
    """Import what is not yet imported of a file, and return how far that is.

    A batch and the note of how far the import has come are one transaction: a run killed anywhere loses
    and doubles nothing. `again` reads a file from its first row on; what is known by then is a duplicate.
    `tell` gets the state and the position in the file after each batch. Raises UnableToImportError.
    """
    _check_encoding(options.encoding)
    content = content_digest(path)
    file = _begin(organization, digest=options.digest(content), name=name, again=again)
    if file.finished_at:
        return file
    try:
        with opened(path) as (stream, position), _maybe(report, file) as problems:
            # Held by a name: collected, it would close the stream.
            text = as_text(stream, options.encoding)
            rows = rows_of(text, options)
            read = event_reader(options, content)
            batches = _batches(islice(rows, file.rows_done, None), read, options.batch_size)
            for number, batch in enumerate(batches, 1):
                file = _store(organization, file, batch, problems, received_at=clock())
                if number in STATISTICS_AFTER:
                    _refresh_statistics()
                if tell:
                    tell(file, position())
    except UnicodeError as error:
        raise UnableToImportError(f"The file cannot be read as {options.encoding}: {error}") from error
    return _finish(organization, file, at=clock())


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise UnableToImportError(f"There is no encoding {encoding}.") from error


def _begin(organization: Organization, *, digest: bytes, name: str, again: bool) -> ImportFile:
    with organization_scope(organization.pk):
        file, created = ImportFile.objects.select_for_update().get_or_create(
            organization=organization, digest=digest, defaults={"name": name[-255:]}
        )
        if again and not created:
            file.rows_done = file.accepted = file.duplicate = file.quarantined = file.rejected = 0
            file.finished_at = None
            file.save()
    return file


def _maybe(report: Path | None, file: ImportFile) -> AbstractContextManager[Report | None]:
    return Report(report, rows_done=file.rows_done) if report else nullcontext()


def _batches(rows: Iterator[SourceRow], read: EventOf, size: int) -> Iterator[_Batch]:
    while taken := list(islice(rows, size)):
        batch = _Batch(len(taken), [], [])
        for row in taken:
            try:
                batch.events.append(_event(row, read))
            except RejectedEventError as error:
                batch.rejected.append(Rejection(row.number, error.code, error.message))
        yield batch


def _event(row: SourceRow, read: EventOf) -> IncomingEvent:
    if row.flaw:
        raise RejectedEventError(*row.flaw)
    return read(row)


def _store(
    organization: Organization, file: ImportFile, batch: _Batch, report: Report | None, *, received_at: datetime
) -> ImportFile:
    with organization_scope(organization.pk):
        _claim(file)
        recorded = Recorded(rejected=batch.rejected)
        if batch.events:
            recorded += record_events(organization.pk, batch.events, received_at=received_at)
        if report:
            report.add(recorded.rejected)
        ImportFile.objects.filter(pk=file.pk).update(
            rows_done=F("rows_done") + batch.rows,
            accepted=F("accepted") + recorded.accepted,
            duplicate=F("duplicate") + recorded.duplicate,
            quarantined=F("quarantined") + recorded.quarantined,
            rejected=F("rejected") + len(recorded.rejected),
        )
        return ImportFile.objects.get(pk=file.pk)


def _refresh_statistics() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT telemetry_refresh_statistics()")


def _claim(file: ImportFile) -> None:
    """Hold the file's row until the batch commits, and see that nobody else has gone on with it."""
    rows_done = ImportFile.objects.select_for_update().values_list("rows_done", flat=True).get(pk=file.pk)
    if rows_done != file.rows_done:
        raise UnableToImportError("The same file is being imported by somebody else right now.")


def _finish(organization: Organization, file: ImportFile, *, at: datetime) -> ImportFile:
    with organization_scope(organization.pk):
        ImportFile.objects.filter(pk=file.pk, finished_at=None).update(finished_at=at)
        return ImportFile.objects.get(pk=file.pk)
