"""Joins at once: what is learnt while an account is joined is joined too."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest

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
