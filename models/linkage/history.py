"""What the scoring core needs of a history, whoever keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from models.frozen import frozen
from models.linkage.identifier import Identifier
from models.linkage.marks import Mark
from models.linkage.velocity import Linkage
from models.signup import AccountType


@frozen
class Link:
    """What the history remembers of one sign-up: who, when, and the identifiers it carried.

    ``clusters`` are those it joins where its linkage was just asked for, which says so (``Company.clusters``); ``None``
    lets the history look once more.
    """

    signup_no: int
    recorded_at: datetime
    occurred_at: datetime
    account_type: AccountType
    identifiers: Sequence[Identifier]
    clusters: tuple[int, ...] | None = None


class History(Protocol):
    """Earlier sign-ups by their identifiers; see ``models.linkage.velocity`` for what is counted."""

    def linkage_of(self, identifiers: Sequence[Identifier], *, now: datetime, excluding: int | None = None) -> Linkage:
        """The linkage of a sign-up that occurs at ``now``; ``excluding`` is its own number, if recorded."""
        ...

    def roll_up(self, before_day: int) -> None:
        """Take everything recorded before a UTC day (counted from 1970) into the pasts of the identifiers."""
        ...

    def record(self, link: Link) -> None:
        """Remember a sign-up. The same ``signup_no`` is never recorded twice."""
        ...

    def mark(self, signup_no: int, mark: Mark, known_at: datetime) -> None:
        """Something became known of a recorded sign-up; see ``models.linkage.marks``."""
        ...

    def unmark(self, signup_no: int, mark: Mark) -> None:
        """It turned out otherwise."""
        ...
