"""Reads the small text tables shipped beside the reference code: one entry a line, ``#`` starts a comment."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def packaged_lines(name: str) -> tuple[str, ...]:
    """The entries of the table ``name`` in ``models/reference/data``."""
    return entries_of((files("models.reference") / "data" / name).read_text(encoding="utf-8"))


def file_lines(path: Path) -> tuple[str, ...]:
    """The entries of a table that the operator keeps in a file of their own."""
    return entries_of(path.read_text(encoding="utf-8"))


def entries_of(text: str) -> tuple[str, ...]:
    """What is left of a table without its comments and blank lines."""
    stripped = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in stripped if line)
