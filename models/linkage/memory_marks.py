"""What is known of identifiers, in memory: the replay's counterpart of the marks in SQL."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from models.linkage.identifier import STRONG_KINDS, Identifier, IdentifierKind, counted_once_written
from models.linkage.marks import (
    HELD_AGAINST,
    MARKED_KINDS,
    UNMARKED,
    Ban,
    Mark,
    Marks,
    most_bans,
    result_span_us,
    span_us,
)
from models.linkage.velocity import SATURATION

Key = tuple[IdentifierKind, str]

_MARKED = frozenset(MARKED_KINDS)

_ENOUGH = SATURATION + 64
"""The marks of the sign-up itself are among them when it is judged again; they are a handful."""


@dataclass(slots=True)
class _Kept:
    """The marks of one identifier, (known µs, signup_no, mark) in order."""

    against: list[tuple[int, int, Mark]] = field(default_factory=list)
    others: list[tuple[int, int, Mark]] = field(default_factory=list)

    def of(self, mark: Mark) -> list[tuple[int, int, Mark]]:
        return self.against if mark in HELD_AGAINST else self.others


class MemoryMarks:
    """The marks of the identifiers that carry any; see ``models.linkage.marks``."""

    def __init__(self) -> None:
        self._kept: dict[Key, _Kept] = {}

    def counted(
        self,
        identifiers: Sequence[Identifier],
        *,
        guarded: Container[Key],
        now_us: int,
        excluding: int | None,
    ) -> tuple[dict[IdentifierKind, Marks], list[tuple[IdentifierKind, Marks, bool]]]:
        """The marks of the identifiers that carry any, and once more with whether the identifier is guarded."""
        found: dict[IdentifierKind, Marks] = {}
        looked_at: list[tuple[IdentifierKind, Marks, bool]] = []
        if not self._kept:
            return found, looked_at
        for each in identifiers:
            kept = self._kept.get((each.kind, each.value)) if each.kind in _MARKED else None
            if kept is not None and (kept.against or kept.others):
                marks = _counted(each.kind, kept, now_us, excluding)
                if marks != UNMARKED:
                    found[each.kind] = marks
                    looked_at.append((each.kind, marks, (each.kind, each.value) in guarded))
        return found, looked_at

    def keys(self, kind: IdentifierKind) -> list[Key]:
        """The identifiers of a kind that anything is known of."""
        return [key for key in self._kept if key[0] is kind]

    def on(self, key: Key) -> list[tuple[int, int, Mark]]:
        """What is known of an identifier: when, of which sign-up, and what."""
        kept = self._kept.get(key)
        return [] if kept is None else [*kept.against, *kept.others]

    def contained_edges(self, identifiers: Sequence[Identifier], *, guarded: Container[Key]) -> int:
        """How many of the unguarded strong identifiers a standing containment holds; written ones are one together."""
        held = []
        for each in identifiers:
            key = (each.kind, each.value)
            if each.kind in STRONG_KINDS and key not in guarded:
                kept = self._kept.get(key)
                if kept is not None and any(mark is Mark.CONTAINED for _, _, mark in kept.against):
                    held.append(each.kind)
        return counted_once_written(held)

    def put(self, keys: Iterable[Key], number: int, mark: Mark, known_us: int) -> None:
        """Something is known on these identifiers, of the sign-up or the containment of this number."""
        for key in keys:
            insort(self._kept.setdefault(key, _Kept()).of(mark), (known_us, number, mark))

    def drop(self, key: Key, number: int, mark: Mark) -> None:
        """It counts on this identifier no more."""
        kept = self._kept.get(key)
        if kept is not None:
            marks = kept.of(mark)
            marks[:] = [each for each in marks if each[1:] != (number, mark)]

    def contain(self, keys: Iterable[Key], containment_no: int, known_us: int) -> None:
        """A containment holds these identifiers from now on."""
        self.put(keys, containment_no, Mark.CONTAINED, known_us)

    def release(self, keys: Iterable[Key], containment_no: int) -> None:
        """The containment no longer holds them."""
        for key in keys:
            self.drop(key, containment_no, Mark.CONTAINED)

    def known_of(self, keys: Iterable[Key], signup_no: int) -> set[tuple[Mark, int]]:
        """What is known of a sign-up, and since when. A containment's number is no sign-up's."""
        kept = (self._kept.get(key) for key in keys)
        return {
            (mark, known_us)
            for each in kept
            if each is not None
            for known_us, number, mark in (*each.against, *each.others)
            if number == signup_no and mark is not Mark.CONTAINED
        }


def marked_keys(identifiers: Iterable[Identifier]) -> Iterator[Key]:
    """Those of some identifiers that marks are kept on."""
    return ((each.kind, each.value) for each in identifiers if each.kind in _MARKED)


def _counted(kind: IdentifierKind, kept: _Kept, now_us: int, excluding: int | None) -> Marks:
    against, others = kept.against[-_ENOUGH:], kept.others[-_ENOUGH:]
    if excluding is not None:
        against = [each for each in against if each[1] != excluding or each[2] is Mark.CONTAINED]
        others = [each for each in others if each[1] != excluding]
    against, others = against[-SATURATION:], others[-SATURATION:]
    since, results_since = now_us - span_us(kind), now_us - result_span_us(kind)
    recent = others[bisect_left(others, (results_since,)) :]
    bans = [each for each in reversed(against) if each[2] is Mark.BANNED]
    return Marks(
        banned=sum(known >= since for known, _, _ in bans),
        good=sum(mark is Mark.GOOD and known >= since for known, _, mark in others),
        passed=sum(mark is Mark.PASSED for _, _, mark in recent),
        failed=sum(mark is Mark.FAILED for _, _, mark in recent),
        contained=sum(mark is Mark.CONTAINED for _, _, mark in against),
        bans=tuple(Ban(number, max(0, now_us - known)) for known, number, _ in bans[: most_bans(kind)]),
    )
