"""Outcomes in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from service.domain.errors import ConflictError, TakenError
from service.domain.outcome import Outcome
from service.storage.memory.shelves import Shelves, Undo, Write
from service.usecases.ports_outcomes import SignupRef


class MemoryOutcomes:
    """See ``service.usecases.ports_outcomes.Outcomes``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def signup(self, owner: str, name: str) -> SignupRef | None:
        """See the port."""
        with self._shelves.lock:
            number = self._shelves.by_id.get(name)
            if number is None or self._shelves.signups[number].record.owner != owner:
                number = self._shelves.by_signup_id.get((owner, name))
            if number is None:
                return None
            record = self._shelves.signups[number].record
            return SignupRef(number, record.id, record.owner, record.signup.signup_id)

    def of(self, signup_no: int) -> Sequence[Outcome]:
        """See the port."""
        with self._shelves.lock:
            return tuple(self._shelves.outcomes.get(signup_no, ()))

    def of_many(self, signup_nos: Sequence[int]) -> Mapping[int, Sequence[Outcome]]:
        """See the port."""
        with self._shelves.lock:
            found = self._shelves.outcomes
            return {number: tuple(found[number]) for number in signup_nos if number in found}

    def known(self, *, by: datetime, after_no: int = 0, limit: int = 5_000) -> Mapping[int, Sequence[Outcome]]:
        """See the port."""
        with self._shelves.lock:
            found: dict[int, Sequence[Outcome]] = {}
            for number in sorted(number for number in self._shelves.outcomes if number > after_no):
                by_then = tuple(each for each in self._shelves.outcomes[number] if each.recorded_at <= by)
                if by_then:
                    found[number] = by_then
                if len(found) == limit:
                    break
            return found

    def add(self, outcome: Outcome) -> None:
        """See the port."""

        def write() -> Undo:
            kept = self._shelves.outcomes.setdefault(outcome.signup_no, [])
            if len(kept) + 1 != outcome.ordinal:
                raise TakenError("Another outcome of this sign-up was recorded at the same moment; try again.")
            kept.append(outcome)
            return kept.pop

        self._staged.append(write)

    def nothing_more_said(self, heard: Mapping[int, int]) -> None:
        """See the port."""

        def write() -> Undo:
            if any(len(self._shelves.outcomes.get(number, ())) != count for number, count in heard.items()):
                raise ConflictError("Somebody said more of a sign-up at the same moment; look at it again.")
            return lambda: None

        self._staged.append(write)
