"""Joins at once: what is learnt while an account is joined is joined too, and whoever reads meanwhile misses nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from models.linkage.identifier import Identifier, IdentifierKind
from service.storage.sql import joining
from service.storage.sql.engine import open_engine

BESIDE_S = 0.5
"""Who waits for us by then waits until we are done."""


def learnt(gate: Any, number: int, *devices: str) -> None:
    """A sign-up learns devices, and whoever told so is gone before anything is joined."""
    gate.later(seconds=1)
    with gate.store.begin() as work:
        identifiers = [Identifier(IdentifierKind.DEVICE, device) for device in devices]
        work.clusters.add_identifiers(number, identifiers, at=gate.now)
        work.commit()


def beside_once(step: Callable[..., Any], happens: Callable[[], Future[None]]) -> Callable[..., Any]:
    """The step; what happens beside it, once, begins just when it is done."""
    once = iter([happens])

    def stepped(*arguments: Any) -> Any:
        result = step(*arguments)
        for begin in once:
            wait([begin()], timeout=BESIDE_S)
        return result

    return stepped


def test_what_is_learnt_while_the_account_is_joined_is_joined_too(
    sql_gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The larger cluster takes the account's in: the join writes to its member, for which whoever learns waits too.
    others = [sql_gate.came(device=device) for device in ("large", "large", "other")]
    account = sql_gate.came()
    number = sql_gate.number(account)
    learnt(sql_gate, number, "large")

    with ThreadPoolExecutor(1) as pool, monkeypatch.context() as patch:
        begun: list[Future[None]] = []

        def learns_another() -> Future[None]:
            begun.append(pool.submit(learnt, sql_gate, number, "other"))
            return begun[0]

        patch.setattr(joining, "_tied", beside_once(joining._tied, learns_another))
        sql_gate.settle(sql_gate.now)
        begun[0].result()
    sql_gate.settle(sql_gate.now)

    assert len({sql_gate.cluster(view) for view in (account, *others)}) == 1


def test_a_join_that_was_lost_is_made_good_when_it_is_said_again(sql_gate: Any, database_url: str) -> None:
    other, account = sql_gate.came(device="other"), sql_gate.came()
    number = sql_gate.number(account)
    learnt(sql_gate, number, "other")
    engine = open_engine(database_url)
    with engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM pending_joins")
    engine.dispose()
    sql_gate.settle(sql_gate.now)
    assert sql_gate.cluster(account) != sql_gate.cluster(other)

    learnt(sql_gate, number, "other")
    sql_gate.settle(sql_gate.now)

    assert sql_gate.cluster(account) == sql_gate.cluster(other)


@contextmanager
def after_one_statement(happens: Callable[[], None]) -> Iterator[None]:
    """Lets something happen once, just when one more statement is done."""
    once = iter([happens])

    def done(*_: object) -> None:
        for each in once:
            each()

    event.listen(Engine, "after_cursor_execute", done)
    try:
        yield
    finally:
        event.remove(Engine, "after_cursor_execute", done)


READ: dict[str, Callable[[Any, int], int]] = {
    "members": lambda clusters, number: len(clusters.members(number)),
    "newest": lambda clusters, number: len(clusters.newest(number, limit=9)),
    "summary": lambda clusters, number: clusters.summary(number).size,
    "merges": lambda clusters, number: len(clusters.merges(number)),
}


@pytest.mark.parametrize("what", READ)
def test_a_cluster_that_becomes_part_of_another_is_not_found_empty_meanwhile(sql_gate: Any, what: str) -> None:
    pair, four = ([sql_gate.came(device=device) for _ in range(size)] for device, size in (("pair", 2), ("four", 4)))
    small, large, single = (sql_gate.number(view) for view in (pair[0], four[0], sql_gate.came()))

    def united(*clusters: int) -> None:
        with sql_gate.store.begin() as work:
            work.clusters.unite(clusters, through=large, at=sql_gate.now)

    united(small, single)
    before = sql_gate.read(lambda work: READ[what](work.clusters, small))
    with after_one_statement(lambda: united(small, large)):
        meanwhile = sql_gate.read(lambda work: READ[what](work.clusters, small))
    after = sql_gate.read(lambda work: READ[what](work.clusters, small))

    assert before < after
    assert meanwhile in (before, after)
