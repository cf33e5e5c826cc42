"""What is measured at one size: figures by their names, which say the unit too."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Figures = dict[str, float]


@dataclass
class Timed:
    seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Timed]:
    """The seconds of the block, known at its end."""
    taken = Timed()
    began = time.perf_counter()
    try:
        yield taken
    finally:
        taken.seconds = time.perf_counter() - began
