"""What one decision asks of the database, what it finds, and how the links of an identifier are counted in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.velocity import (
    AGED_KIND,
    DAY_US,
    DISTINCT_WINDOWS,
    OTHERS_WINDOW,
    PAST_KINDS,
    SEQUENCE_KIND,
    SEQUENCE_REACH,
    SEQUENCE_WINDOW,
    SYNCHRONY_KINDS,
    SYNCHRONY_WINDOW,
    Window,
)
from service.storage.pseudonyms import Pseudonym
from service.usecases.ports import StoredAnswer

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

    def near(self) -> list[int | None]:
        """Where the sign-up lies on its line, for every pseudonym of the kind that has one."""
        return [each.counted if kind is SEQUENCE_KIND else None for kind, _, each in self._pseudonyms()]

    def anomalies(self) -> list[int]:
        """The anomalies to look for, for every pseudonym; none but on the kinds of synchrony."""
        return [mask if kind in SYNCHRONY_KINDS else 0 for kind, mask, _ in self._pseudonyms()]

    def digests_with_a_past(self) -> list[bytes]:
        """The digests whose daily counts are wanted."""
        return [each.digest for kind, _, each in self._pseudonyms() if kind in PAST_KINDS]

    def aged_digests(self) -> list[bytes]:
        """The digests of the identifier whose first link is wanted."""
        return [each.digest for kind, _, each in self._pseudonyms() if kind is AGED_KIND]

    def _pseudonyms(self) -> Iterator[tuple[IdentifierKind, int, Pseudonym]]:
        for identifier, pseudonyms in self.asked:
            for pseudonym in pseudonyms:
                yield identifier.kind, identifier.anomalies, pseudonym


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
    """

    answer: StoredAnswer | None
    counts: Sequence[tuple[int, Sequence[int]]]
    pasts: Mapping[bytes, int]
    until_day: int | None
    first_day: int | None
    first_us: int | None


def stored_answer(fingerprint: bytes, body: bytes) -> StoredAnswer:
    """The recorded answer of its columns; a driver may give memory views."""
    return StoredAnswer(status=CREATED, body=bytes(body), fingerprint=bytes(fingerprint))


def counts_sql(own: str, *, near: str, mask: str, differs: str) -> str:
    """The columns that count the rows ``(age, counted, account_type, anomalies)`` of one identifier."""
    links = [f"count(CASE WHEN age <= {window.value} THEN 1 END)" for window in Window]
    distinct = [f"count(DISTINCT CASE WHEN age <= {window.value} THEN counted END)" for window in DISTINCT_WINDOWS]
    others = f"count(CASE WHEN age <= {OTHERS_WINDOW.value} AND counted {differs} {own} THEN 1 END)"
    anomalous = f"count(CASE WHEN age <= {SYNCHRONY_WINDOW.value} AND (anomalies & {mask}) <> 0 THEN 1 END)"
    neighbours = (
        f"count(CASE WHEN age <= {SEQUENCE_WINDOW.value} "
        f"AND counted BETWEEN {near} - {SEQUENCE_REACH} AND {near} + {SEQUENCE_REACH} THEN 1 END)"
    )
    return ", ".join([*links, *distinct, others, "count(DISTINCT account_type)", anomalous, neighbours])


WITHIN = f"age > 0 AND age <= {max(window.value for window in Window)}"
"""The condition that a row lies in the longest window: before now, and not too long."""
