"""What one decision asks of the database, and what it finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.linkage.company import Traits
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.joining import DEGREE_CAP, MEDIUM, PAIR_WINDOW_US, joins_alone, joins_in_pairs
from models.linkage.marks import MARKED_KINDS, most_bans, result_span_us, span_us
from models.linkage.velocity import (
    AGED_KIND,
    DAY_US,
    PAST_KINDS,
)
from service.storage.pseudonyms import Pseudonym
from service.usecases.ports_idempotency import StoredAnswer

NOBODY = 0
"""No sign-up has this number: excluding it excludes nothing."""

CREATED = 201
"""The status that a recorded sign-up was first answered with."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the history, and of the recorded answers.

    Attributes:
        owner: whose ``signup_id``; with ``signup_id`` ``None`` no recorded answer is looked for.
        asked: every identifier with its pseudonyms, one for each key version.
        now_us: the instant of the sign-up being judged.
        excluding: the sign-up's own number.
    """

    owner: str
    signup_id: str | None
    asked: Sequence[tuple[Identifier, Sequence[Pseudonym]]]
    now_us: int
    excluding: int = NOBODY

    @property
    def today(self) -> int:
        """The UTC day of the sign-up being judged."""
        return self.now_us // DAY_US

    @property
    def judged_again(self) -> bool:
        """Whether the sign-up is recorded already; what is not is among no links, and nothing is left out for it."""
        return self.excluding != NOBODY

    def digests_with_a_past(self) -> list[bytes]:
        """The digests whose daily counts are wanted."""
        return [each.digest for kind, each in self._pseudonyms() if kind in PAST_KINDS]

    def aged_digests(self) -> list[bytes]:
        """The digests of the identifier whose first link is wanted."""
        return [each.digest for kind, each in self._pseudonyms() if kind is AGED_KIND]

    def strong(self) -> list[tuple[int, bytes]]:
        """Place and digest of every identifier that joins by itself."""
        return [
            (place, each.digest)
            for place, (identifier, pseudonyms) in enumerate(self.asked)
            if joins_alone(identifier)
            for each in pseudonyms
        ]

    def paired(self) -> list[PairKey]:
        """The medium identifiers that join in pairs."""
        return [
            PairKey(
                each.digest,
                1 << MEDIUM.index(identifier.kind),
                PAIR_WINDOW_US[identifier.kind],
                DEGREE_CAP[identifier.kind],
            )
            for identifier, pseudonyms in self.asked
            if joins_in_pairs(identifier)
            for each in pseudonyms
        ]

    def marked(self) -> list[MarkKey]:
        """The identifiers whose marks are wanted."""
        return [
            MarkKey(
                each.digest,
                place,
                self.now_us - span_us(identifier.kind),
                self.now_us - result_span_us(identifier.kind),
                most_bans(identifier.kind),
            )
            for place, (identifier, pseudonyms) in enumerate(self.asked)
            if identifier.kind in _MARKED
            for each in pseudonyms
        ]

    def digests_of(self, kind: IdentifierKind) -> list[bytes]:
        """The digests of the identifiers of one kind."""
        return [each.digest for of, each in self._pseudonyms() if of is kind]

    def _pseudonyms(self) -> Iterator[tuple[IdentifierKind, Pseudonym]]:
        for identifier, pseudonyms in self.asked:
            for pseudonym in pseudonyms:
                yield identifier.kind, pseudonym


_MARKED = frozenset(MARKED_KINDS)


@dataclass(frozen=True, slots=True)
class PairKey:
    """A medium identifier: its bit in a pair, how far apart sign-ups may lie, and how many may carry it."""

    digest: bytes
    bit: int
    window_us: int
    cap: int


@dataclass(frozen=True, slots=True)
class MarkKey:
    """An identifier by its place, since when bans and results count, and how many bans are looked at one by one."""

    digest: bytes
    place: int
    since_us: int
    results_since_us: int
    most_bans: int


@dataclass(frozen=True, slots=True)
class FoundMarks:
    """The marks of the identifier at a place, and whether a guard is on it.

    ``bans`` are (known µs, sign-up number), newest first.
    """

    place: int
    banned: int
    good: int
    passed: int
    failed: int
    contained: int
    bans: Sequence[tuple[int, int]]
    guarded: bool


@dataclass(frozen=True, slots=True)
class FoundCompany:
    """What the members of the clusters are in numbers, and the traits of the newest of them."""

    size: int
    growth_1h: int
    growth_24h: int
    frauds: int
    good: int
    newest_fraud_us: int | None
    founded_us: int
    traits: Sequence[Traits]


@dataclass(frozen=True, slots=True)
class Found:
    """What the statement found.

    Attributes:
        answer: the recorded answer.
        counts: the counts of every identifier, by its place.
        pasts: the sums of the daily counts, by digest.
        until_day: the day before which everything recorded is rolled up.
        first_day: the first observed day of the past.
        first_us: when the first link of the aged identifier occurred.
        strong: place, cluster and guard of every strong identifier that another sign-up carries, and where there is a
            guard when the cluster was founded.
        pairs: cluster and agreeing kinds of earlier sign-ups that share medium identifiers.
        company: the members of the clusters that it would join; ``None`` when there are none.
        marks: what is known of identifiers, where anything is.
    """

    answer: StoredAnswer | None
    counts: Sequence[tuple[int, Sequence[int]]]
    pasts: Mapping[bytes, int]
    until_day: int | None
    first_day: int | None
    first_us: int | None
    strong: Sequence[tuple[int, int, int | None, int | None]] = ()
    pairs: Sequence[tuple[int, int]] = ()
    company: FoundCompany | None = None
    marks: Sequence[FoundMarks] = ()


def stored_answer(fingerprint: bytes, body: bytes) -> StoredAnswer:
    """The recorded answer of its columns; a driver may give memory views."""
    return StoredAnswer(status=CREATED, body=bytes(body), fingerprint=bytes(fingerprint))
