"""On which line of a TOML text a value stands, which the standard parser does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=(.*)$")
_QUOTES = ('"""', "'''")


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line, counted from 1, of the value at ``path``, or of the nearest table around it that has one.

    ``None`` where not even the outermost stands in the text.
    """
    lines = {found: number for number, found in reversed(list(_paths(text)))}
    for length in range(len(path), 0, -1):
        number = lines.get(tuple(path[:length]))
        if number is not None:
            return number
    return None


def _paths(text: str) -> Iterator[tuple[int, Path]]:
    """Every header and key with its line."""
    table: Path = ()
    arrays: dict[Path, int] = {}
    inside: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if inside is not None:
            if inside in line:
                inside = None
            continue
        header = _HEADER.match(line)
        if header is not None:
            table = _named(header[2], arrays)
            if header[1] == "[[":
                arrays[table] = arrays.get(table, -1) + 1
                table = (*table, arrays[table])
            for length in range(1, len(table) + 1):
                yield number, table[:length]
            continue
        key = _KEY.match(line)
        if key is not None:
            path = table + _parts(key[1])
            yield number, path
            inside = next((quotes for quotes in _QUOTES if key[2].count(quotes) % 2), None)


def _named(name: str, arrays: dict[Path, int]) -> Path:
    """A header's path; a part that is an array of tables means its newest entry."""
    path: Path = ()
    parts = _parts(name)
    for at, part in enumerate(parts):
        path = (*path, part)
        if path in arrays and at < len(parts) - 1:
            path = (*path, arrays[path])
    return path


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))
