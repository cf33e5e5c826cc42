"""What somebody says about a file: how its rows are written and what its columns mean."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

LARGEST_BATCH = 5_000


class UnableToImportError(Exception):
    """The file cannot be imported as it is described; nothing of it was taken because of that."""


class Format(StrEnum):
    CSV = "csv"
    TSV = "tsv"
    WHITESPACE = "whitespace"
    NDJSON = "ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """`columns` are the names when the file has no header; `fields` says what a column means.

    A column that means no field of an event goes into its data. `timezone` is that of times without an
    offset, `date_format` one of strptime. `name` is the name of events that have none of their own.
    """

    format: Format
    timezone: str
    delimiter: str = ""
    encoding: str = "utf-8-sig"
    columns: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    date_format: str = ""
    batch_size: int = 2_000

    def digest(self, content: bytes) -> bytes:
        """Names one reading of one content: the same file read in another way is another import."""
        meaning = [
            self.format,
            self.timezone,
            self.delimiter,
            self.encoding,
            self.columns,
            sorted(self.fields.items()),
            self.name,
            self.date_format,
        ]
        return hashlib.sha256(content + json.dumps(meaning).encode()).digest()


def format_of(name: str) -> Format:
    """By the ending of the file's name. Raises UnableToImportError."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    known = {
        ".csv": Format.CSV,
        ".tsv": Format.TSV,
        ".ndjson": Format.NDJSON,
        ".jsonl": Format.NDJSON,
        ".json": Format.NDJSON,
    }
    if not suffixes or suffixes[-1] not in known:
        raise UnableToImportError(f"How {name} is written cannot be told from its name: say --format.")
    return known[suffixes[-1]]
