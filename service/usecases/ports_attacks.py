"""What the use cases need of attacks: the sights of surprising keys as they are recorded, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.attack import Attack
from service.usecases.ports_clusters import IdentifierKey


@dataclass(frozen=True, slots=True)
class Sight:
    """One sign-up that reached the line of surprise on one key.

    Attributes:
        surprise: in tenths of powers of ten.
        another_sign: whether something else speaks against the same sign-up.
    """

    key: IdentifierKey
    signup_no: int
    owner: str
    at: datetime
    surprise: int
    another_sign: bool


@dataclass(frozen=True, slots=True)
class Step:
    """The sights of one seal of the audit record, oldest first: ``from_seal`` is where the watch stands."""

    from_seal: int
    to_seal: int
    sights: tuple[Sight, ...]


class Attacks(Protocol):
    """Attacks and the watch for them.

    The watch follows the seals of the audit record, which take in every decision once it is committed and whatever
    was given its number late, so that nothing is missed and nothing seen twice.
    """

    def next_step(self) -> Step | None:
        """What the next seal holds; ``None`` when the watch is up to date."""
        ...

    def advance(self, step: Step, *, at: datetime) -> None:
        """Stage: the step is taken; its sights are remembered, each key and sign-up once.

        Raises (from ``commit``):
            ConflictError: another worker took it.
        """
        ...

    def known(self, step: Step) -> frozenset[tuple[IdentifierKey, int]]:
        """Which keys and sign-ups of a step were seen before: a sign-up that is judged again is no further one."""
        ...

    def corroborated(self, keys: Iterable[IdentifierKey], *, since: datetime) -> Sequence[Sight]:
        """The remembered sights on these keys that have another sign, from an instant on, oldest first."""
        ...

    def open(self, keys: Iterable[IdentifierKey]) -> Mapping[IdentifierKey, Attack]:
        """The attacks that go on, by their keys."""
        ...

    def start(self, key: IdentifierKey, attack: Attack) -> None:
        """Stage a new attack.

        Raises (from ``commit``):
            ConflictError: one goes on already on the key.
        """
        ...

    def update(self, attack: Attack) -> None:
        """Stage: an attack that goes on was seen again."""
        ...

    def quiet(self, *, before: datetime) -> Sequence[Attack]:
        """The attacks that go on and were last seen before an instant, the oldest hundred."""
        ...

    def end(self, attack: Attack, *, at: datetime) -> None:
        """Stage the end of an attack.

        Raises (from ``commit``):
            ConflictError: it was seen again meanwhile, or has ended.
        """
        ...

    def forget(self, *, before: datetime) -> int:
        """Forget sights before an instant, at once; how many. Attacks stay."""
        ...

    def of_owner(self, owner: str, *, limit: int = 100) -> Sequence[Attack]:
        """The attacks that an owner's sign-ups were part of: those that go on first, then the newest."""
        ...

    def count_open(self) -> int:
        """How many attacks go on."""
        ...
