"""The difference of two texts for people: what went and what came, with the numbers of the lines and some context."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

CONTEXT = 3
"""Lines shown around a change, as everybody knows it from version control."""


@dataclass(frozen=True, slots=True)
class DifferentLine:
    """One line. ``kind`` is same, removed, added, or gap where equal lines are left out."""

    kind: str
    old: int | None = None
    new: int | None = None
    text: str = ""


def differences(old: str, new: str) -> tuple[DifferentLine, ...]:
    """The lines to show; empty when the texts are equal."""
    return tuple(_lines(old.splitlines(), new.splitlines()))


def _lines(old: list[str], new: list[str]) -> Iterator[DifferentLine]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for place, group in enumerate(matcher.get_grouped_opcodes(CONTEXT)):
        if place:
            yield DifferentLine("gap")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                for step in range(old_to - old_from):
                    at, there = old_from + step, new_from + step
                    yield DifferentLine("same", at + 1, there + 1, old[at])
                continue
            for at in range(old_from, old_to):
                yield DifferentLine("removed", at + 1, None, old[at])
            for at in range(new_from, new_to):
                yield DifferentLine("added", None, at + 1, new[at])
