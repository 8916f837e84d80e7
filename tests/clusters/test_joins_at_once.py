"""Joins at once: none is lost, none waits in a circle, and whoever reads meanwhile misses nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import count
from threading import Event
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event, make_url, update
from sqlalchemy.engine import Engine

from models.linkage.identifier import Identifier, IdentifierKind
from models.reference.reference import Reference
from service.domain.errors import ConflictError
from service.storage.sql import joining
from service.storage.sql.cluster_tables import MemberRow
from service.storage.sql.engine import open_engine
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from tests.clusters.conftest import Gate
from tests.clusters.test_cut_meanwhile import cut, handle_of

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


def test_a_join_that_was_read_before_a_cut_unites_what_is_tied_after_it(
    postgresql_url: str, open_store: Callable[..., SqlStore], reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Between what the join reads and its locks the cut moves the account that it is about out of the cluster.
    gate = Gate(open_store(postgresql_url), reference)
    left = [gate.came(card="shared", device="left") for _ in range(3)]
    right = [gate.came(card="shared", device="right") for _ in range(2)]
    others = [gate.came(device="other") for _ in range(4)]
    learnt(gate, gate.number(right[0]), "other")
    handle = handle_of(gate, left[0], "payment")
    tied, once = joining._tied, iter([lambda: cut(gate, left[0], handle)])

    with ThreadPoolExecutor(1) as pool:

        def parted_meanwhile(*arguments: Any) -> Any:
            found = tied(*arguments)
            for each in once:
                pool.submit(each).result(LONGEST_S)
            return found

        monkeypatch.setattr(joining, "_tied", parted_meanwhile)
        gate.settle(gate.now)

    assert len({gate.cluster(view) for view in (*right, *others)}) == 1
    assert gate.cluster(left[0]) != gate.cluster(right[0])


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


LONGEST_S = 4.0
"""Less than whoever waits for a lock waits at most."""


@contextmanager
def waiting_for_locks(url: str) -> Iterator[Callable[[], int]]:
    """Tells how many connections to a database wait for a lock just now."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:

        def waiting() -> int:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
            assert row is not None
            return int(row[0])

        yield waiting


def until(is_so: Callable[[], bool]) -> None:
    end = monotonic() + LONGEST_S
    while not is_so():
        assert monotonic() < end, "it never came to that"
        sleep(0.005)


SMALL, OTHER, MIDDLE, LARGE = 1, 2, 3, 5
"""Clusters by the number of their first member; three is of two, five of five."""


def clusters_of_four_sizes(store: SqlStore, make_record: Callable[..., NewRecord]) -> None:
    for device, cluster, size in (("s", SMALL, 1), ("o", OTHER, 1), ("m", MIDDLE, 2), ("l", LARGE, 5)):
        for at in range(size):
            carried = (Identifier(IdentifierKind.DEVICE, device),)
            with store.begin() as work:
                work.ledger.append(make_record(identifiers=carried, clusters=(cluster,) if at else ()))
                work.commit()


def unite(*clusters: int) -> Callable[[Any, datetime], None]:
    return lambda work, at: work.clusters.unite(clusters, through=1, at=at)


def move_in_vain(work: Any, at: datetime) -> None:
    with pytest.raises(ConflictError):
        work.clusters.move(SMALL, [SMALL], MIDDLE, [], {SMALL: 1})


BELATED: dict[str, tuple[Callable[[Any, datetime], None], list[int]]] = {
    "what has moved, with another": (unite(SMALL, OTHER), [SMALL, OTHER]),
    "what has moved, with where it went": (unite(SMALL, MIDDLE), [SMALL, MIDDLE]),
    "members of what has moved": (move_in_vain, []),
}
"""What is done to clusters, and what these were when that looked."""


@pytest.mark.parametrize("what", BELATED)
def test_whoever_finds_that_a_cluster_has_moved_holds_up_nobody(
    postgresql_url: str,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    noon: datetime,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    # The small cluster is part of the middle one. Somebody makes that part of the large one, and must write to the
    # small one's row too, which whoever thinks that it is a cluster still locks before the middle one's.
    store, merge, roots, holds = open_store(postgresql_url), joining._merge, joining._roots, Event()
    clusters_of_four_sizes(store, make_record)
    belated, seen = BELATED[what]
    begun: list[Future[None]] = []

    def did(step: Callable[[Any, datetime], None]) -> None:
        with store.begin() as work:
            step(work, noon)

    did(unite(SMALL, MIDDLE))
    with waiting_for_locks(postgresql_url) as waiting, ThreadPoolExecutor(2) as pool:

        def merge_beside(*arguments: Any) -> int:
            if not holds.is_set():
                holds.set()
                until(lambda: waiting() == 1 or any(each.done() for each in begun))
            return merge(*arguments)

        monkeypatch.setattr(joining, "_merge", merge_beside)
        other = pool.submit(did, unite(MIDDLE, LARGE))
        assert holds.wait(LONGEST_S)
        stale = iter([seen])
        monkeypatch.setattr(joining, "_roots", lambda *arguments: next(stale, None) or roots(*arguments))
        begun.append(pool.submit(did, belated))
        for each in (other, *begun):
            each.result()

    with store.begin() as work:
        others = LARGE if OTHER in seen else OTHER
        assert [work.clusters.root(each) for each in (SMALL, MIDDLE, OTHER)] == [LARGE, LARGE, others]


def test_clusters_that_move_at_every_try_are_left_to_the_worker(
    postgresql_url: str,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    noon: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, fresh = open_store(postgresql_url), count(1_000)
    clusters_of_four_sizes(store, make_record)

    with monkeypatch.context() as patch, store.begin() as work:
        patch.setattr(joining, "_roots", lambda *_: [next(fresh), next(fresh)])
        work.ledger.append(make_record(clusters=(SMALL, OTHER)))
        work.commit()
    with store.begin() as work:
        assert work.clusters.root(SMALL) != work.clusters.root(OTHER)
        work.clusters.settle(at=noon)

        assert work.clusters.root(SMALL) == work.clusters.root(OTHER)


class MovedMeanwhile:
    """A connection between whose first question and what follows somebody moves a member."""

    def __init__(self, connection: Connection, move: Callable[[Connection], None]) -> None:
        self._connection, self._moves = connection, iter([move])

    def execute(self, *asked: Any) -> Any:
        found = self._connection.execute(*asked)
        for move in self._moves:
            rows = found.all()
            move(self._connection)
            return SimpleNamespace(all=partial(list, rows))
        return found


@pytest.mark.parametrize("moved_meanwhile", [False, True])
def test_who_joined_a_cluster_just_when_it_was_merged_is_brought_after_unless_moved_elsewhere(
    sql_gate: Any, database_url: str, *, moved_meanwhile: bool
) -> None:
    views = [sql_gate.came(device="a"), sql_gate.came(device="a"), sql_gate.came(card="b")]
    merged = int(sql_gate.cluster(views[2]).removeprefix("cl_"))
    views.append(sql_gate.came(device="a", card="b"))
    alone = sql_gate.came()
    stray, elsewhere = (sql_gate.number(each) for each in (views[2], alone))

    def at(number: int, cluster: int) -> Callable[[Connection], None]:
        moving = update(MemberRow).where(MemberRow.signup_no == number).values(cluster_no=cluster)
        return lambda connection: connection.execute(moving) and None

    new = int(sql_gate.cluster(alone).removeprefix("cl_"))
    engine = open_engine(database_url)
    with engine.begin() as connection:
        at(stray, merged)(connection)
        between = at(stray, new) if moved_meanwhile else at(elsewhere, new)
        joining.gather_strays(MovedMeanwhile(connection, between), after_no=0)  # type: ignore[arg-type]
    engine.dispose()

    assert sql_gate.cluster(views[2]) == sql_gate.cluster(alone if moved_meanwhile else views[0])
