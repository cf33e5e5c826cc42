"""The rows that were not taken, as a CSV file that a spreadsheet can open without running anything."""

import csv
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self, TextIO

from telemetry.incoming import Rejection

HEADER = ("row", "code", "message")
RUNS_IN_A_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r")


class Report:
    """Rows of a batch are written before it commits, and those of a batch that did not are removed on resuming."""

    def __init__(self, path: Path, *, rows_done: int) -> None:
        kept = _rows_until(path, rows_done) if rows_done else []
        self.file: TextIO = path.open("w", newline="", encoding="utf-8")
        self.writer = csv.writer(self.file)
        self.writer.writerow(HEADER)
        self.writer.writerows(kept)
        self.file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.file.close()

    def add(self, rejections: Iterable[Rejection]) -> None:
        for rejection in rejections:
            self.writer.writerow([rejection.index, rejection.code, _safe(rejection.message)])
        self.file.flush()


def _safe(text: str) -> str:
    text = text.encode(errors="replace").decode()
    return f"'{text}" if text.startswith(RUNS_IN_A_SPREADSHEET) else text


def _rows_until(path: Path, rows_done: int) -> list[list[str]]:
    with suppress(FileNotFoundError), path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = [row for row in csv.reader(file) if len(row) == len(HEADER)]
        return [row for row in rows if row[0].isdecimal() and int(row[0]) <= rows_done]
    return []
