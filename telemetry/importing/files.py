"""The bytes of a file, unpacked."""

import gzip
import hashlib
import io
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from telemetry.gate import GZIP_MAGIC
from telemetry.importing.options import UnableToImportError

PIECE = 1 << 20


@contextmanager
def spooled(stream: BinaryIO) -> Iterator[Path]:
    """What comes in over a pipe, as a file: it is read twice."""
    with tempfile.NamedTemporaryFile(prefix="mainstay-import-") as copy:
        shutil.copyfileobj(stream, copy)
        copy.flush()
        yield Path(copy.name)


def content_digest(path: Path) -> bytes:
    """SHA-256 of the unpacked content. Raises UnableToImportError when a packed file is not whole.

    A file that turned out to be cut off only at its end could not be resumed by its whole successor.
    """
    digest = hashlib.sha256()
    try:
        with opened(path) as (content, _):
            while piece := content.read(PIECE):
                digest.update(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise UnableToImportError(f"{path} cannot be read to its end: {error}") from error
    return digest.digest()


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
    """The content, and a function that tells how many bytes of the file have been read."""
    with path.open("rb") as raw:
        packed = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        content: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
        yield content, raw.tell


def as_text(content: IO[bytes], encoding: str) -> io.TextIOWrapper:
    """Lines by any newline; bytes that are no text stay visible as lone surrogates."""
    return io.TextIOWrapper(content, encoding=encoding, errors="surrogateescape", newline="")
