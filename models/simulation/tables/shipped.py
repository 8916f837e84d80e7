"""Reads the tables shipped beside this module; ``build_tables`` writes them."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from importlib import resources


def shipped_rows(name: str) -> Iterator[list[str]]:
    """The rows of a compressed table, without its heading."""
    packed = resources.files("models.simulation.tables").joinpath(name).read_bytes()
    rows = csv.reader(io.StringIO(gzip.decompress(packed).decode(), newline=""))
    next(rows)
    yield from rows
