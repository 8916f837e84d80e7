"""A store that sign-ups are recorded in as the service does it, with what becomes known of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from models.linkage.company import Company
from models.linkage.identifier import Identifier, IdentifierKind
from models.linkage.joining import GuardState
from models.linkage.marks import Mark
from models.linkage.velocity import Linkage
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from service.usecases.ports_clusters import Guard

Kind = IdentifierKind
Store = MemoryStore | SqlStore
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OWNER = "acme"


def identifiers(**values: str) -> tuple[Identifier, ...]:
    """``device="d1"`` and so on, by the kinds' names; ``college`` makes the browser that of a computer room."""
    crowd = values.pop("crowd", "") == "yes"
    return tuple(
        Identifier(Kind(name), value, of_a_crowd=crowd and name == "device_profile") for name, value in values.items()
    )


class Service:
    """A store that sign-ups are recorded in as the service does it: a look first, then the record."""

    def __init__(self, store: Store, make_record: Callable[..., NewRecord]) -> None:
        self.store = store
        self._make = make_record
        self._numbers = itertools.count(1)

    def came(self, *carried: Identifier, ago: timedelta = HOUR, looked: bool = True) -> int:
        number, at = next(self._numbers), NOW - ago
        with self.store.begin() as work:
            clusters: Sequence[int] = ()
            if looked:
                clusters = work.ledger.look(OWNER, f"su_{number}", carried, now=at).linkage.company.clusters
            work.ledger.append(self._make(f"su_{number}", at=at, identifiers=carried, clusters=clusters))
            work.commit()
        return number

    def linkage(self, *carried: Identifier, now: datetime = NOW) -> Linkage:
        with self.store.begin() as work:
            return work.ledger.look(OWNER, "new", carried, now=now).linkage

    def company(self, *carried: Identifier) -> Company:
        return self.linkage(*carried).company

    def again(self, number: int, *carried: Identifier) -> Linkage:
        with self.store.begin() as work:
            recorded = next(each for each in work.ledger.stream() if each.signup_no == number)
            return work.ledger.linkage_again(recorded, carried, now=NOW)

    def known(self, number: int, mark: Mark, *, ago: timedelta = MINUTE) -> None:
        with self.store.begin() as work:
            work.clusters.mark(number, mark, at=NOW - ago)
            work.commit()

    def otherwise(self, number: int, mark: Mark) -> None:
        with self.store.begin() as work:
            work.clusters.unmark(number, mark, at=NOW)
            work.commit()

    def guard(self, identifier: Identifier, state: GuardState = GuardState.SHARED, *, since: datetime = NOW) -> Guard:
        with self.store.begin() as work:
            key = work.clusters.keys_of([(identifier.kind, identifier.value)])[0]
            guard = Guard(key, state, since=since, by="t", reason="a laboratory's card")
            work.clusters.set_guard(guard)
            work.commit()
        return guard

    def lift(self, guard: Guard) -> None:
        with self.store.begin() as work:
            work.clusters.lift_guard(guard)
            work.commit()

    def holding(self, *carried: Identifier) -> dict[int, set[str]]:
        """The kinds that each containment holds."""
        with self.store.begin() as work:
            keys = work.clusters.keys_of([(each.kind, each.value) for each in carried])
            return {number: {key.kind.value for key in of} for number, of in work.clusters.holding(keys).items()}

    def partition(self, count: int) -> set[frozenset[int]]:
        parts: dict[int | None, set[int]] = {}
        with self.store.begin() as work:
            for number in range(1, count + 1):
                parts.setdefault(work.clusters.cluster_of(number), set()).add(number)
        return {frozenset(part) for part in parts.values()}
