"""Attacks in memory, and the watch that follows the seals of the audit record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.attack import Attack
from service.domain.errors import ConflictError
from service.storage.memory.shelves import AttackShelf, Kept, Shelves, Undo, Write
from service.storage.sights import surprises_of
from service.usecases.ports_attacks import Sight, Step
from service.usecases.ports_clusters import IdentifierKey

_MOST_QUIET = 100


class MemoryAttacks:
    """See ``service.usecases.ports_attacks.Attacks``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._shelf: AttackShelf = shelves.attacks
        self._staged = staged

    def next_step(self) -> Step | None:
        """See the port."""
        with self._shelves.lock:
            from_seal = self._shelf.seal_no
            if from_seal >= len(self._shelves.seals):
                return None
            seal = self._shelves.seals[from_seal]
            subjects = {entry.subject for entry in self._shelves.chained(seal.first_id, seal.last_id)}
            numbers = {self._shelves.by_id[subject] for subject in subjects if subject in self._shelves.by_id}
            sights = [sight for number in numbers for sight in _sights_of(self._shelves.signups[number])]
            return Step(from_seal, seal.seal_no, tuple(sorted(sights, key=lambda each: (each.at, each.signup_no))))

    def advance(self, step: Step, *, at: datetime) -> None:
        """See the port."""
        del at

        def write() -> Undo:
            shelf = self._shelf
            if shelf.seal_no != step.from_seal:
                raise ConflictError("Another worker has looked at these decisions meanwhile.")
            before = dict(shelf.sights)
            for sight in step.sights:
                shelf.sights.setdefault((sight.key, sight.signup_no), sight)
            shelf.seal_no = step.to_seal

            def undo() -> None:
                shelf.seal_no, shelf.sights = step.from_seal, before

            return undo

        self._staged.append(write)

    def known(self, step: Step) -> frozenset[tuple[IdentifierKey, int]]:
        """See the port."""
        with self._shelves.lock:
            return frozenset({(each.key, each.signup_no) for each in step.sights} & self._shelf.sights.keys())

    def corroborated(self, keys: Iterable[IdentifierKey], *, since: datetime) -> Sequence[Sight]:
        """See the port."""
        wanted = set(keys)
        with self._shelves.lock:
            found = [
                each
                for each in self._shelf.sights.values()
                if each.key in wanted and each.another_sign and each.at >= since
            ]
        return tuple(sorted(found, key=lambda each: (each.at, each.signup_no)))

    def open(self, keys: Iterable[IdentifierKey]) -> Mapping[IdentifierKey, Attack]:
        """See the port."""
        wanted = set(keys)
        with self._shelves.lock:
            return {key: attack for key, attack in self._going_on() if key in wanted}

    def start(self, key: IdentifierKey, attack: Attack) -> None:
        """See the port."""

        def write() -> Undo:
            if any(key == each for each, _ in self._going_on()):
                raise ConflictError("An attack goes on already on this key.")
            self._shelf.attacks[attack.id] = (key, attack)
            return lambda: self._shelf.attacks.pop(attack.id)

        self._staged.append(write)

    def update(self, attack: Attack) -> None:
        """See the port."""
        self._staged.append(lambda: self._put(attack, unless="The attack has ended meanwhile."))

    def quiet(self, *, before: datetime) -> Sequence[Attack]:
        """See the port."""
        with self._shelves.lock:
            return tuple(attack for _, attack in self._going_on() if attack.last_seen_at < before)[:_MOST_QUIET]

    def end(self, attack: Attack, *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            if self._shelf.attacks[attack.id][1].last_seen_at != attack.last_seen_at:
                raise ConflictError("The attack was seen again meanwhile.")
            return self._put(replace(attack, ended_at=at), unless="The attack has ended already.")

        self._staged.append(write)

    def forget(self, *, before: datetime) -> int:
        """See the port."""
        with self._shelves.lock:
            old = [place for place, each in self._shelf.sights.items() if each.at < before]
            for place in old:
                del self._shelf.sights[place]
            return len(old)

    def of_owner(self, owner: str, *, limit: int = 100) -> Sequence[Attack]:
        """See the port."""
        with self._shelves.lock:
            newest = [attack for _, attack in reversed(self._shelf.attacks.values()) if owner in attack.owners]
        return tuple(sorted(newest, key=lambda each: each.ended_at is not None))[:limit]

    def count_open(self) -> int:
        """See the port."""
        with self._shelves.lock:
            return len(list(self._going_on()))

    def _going_on(self) -> Iterator[tuple[IdentifierKey, Attack]]:
        return (each for each in self._shelf.attacks.values() if each[1].ended_at is None)

    def _put(self, attack: Attack, *, unless: str) -> Undo:
        key, before = self._shelf.attacks[attack.id]
        if before.ended_at is not None:
            raise ConflictError(unless)
        self._shelf.attacks[attack.id] = (key, attack)

        def undo() -> None:
            self._shelf.attacks[attack.id] = (key, before)

        return undo


def _sights_of(kept: Kept) -> Iterator[Sight]:
    values = {each.kind: each.value for each in reversed(kept.record.identifiers)}
    for assessment in kept.assessments:
        for kind, surprise, another_sign in surprises_of(assessment.linkage):
            if kind in values:
                key = IdentifierKey(kind, values[kind].encode())
                at = assessment.decided_at
                yield Sight(key, kept.signup_no, kept.record.owner, at, surprise, another_sign)
