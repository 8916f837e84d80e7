"""A correction that waits for what stands near it: whoever is parted from that by a cut or a guard waits no longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, get_ident
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from models.linkage.identifier import IdentifierKind
from models.reference.reference import Reference
from service.domain.decision import Decision
from service.storage.sql.store import SqlStore
from service.usecases import move_members, put_off_corrections, undo_bans
from tests.clusters.conftest import Gate
from tests.clusters.releasing import contain, contained, release
from tests.clusters.test_joins_at_once import LONGEST_S
from tests.clusters.test_undo_bans import corrected, due, hung_on_bans, round_of, taken_out

ALLOW, STEP_UP, REVIEW, DENY = Decision
PHONE = "+33612345678"
OWN = ((IdentifierKind.DEVICE, "d"), (IdentifierKind.PAYMENT, "c"))
OF_THE_OTHER = ((IdentifierKind.PHONE, PHONE),)
HOW = pytest.mark.parametrize("how", ["cut", "exempt"])


def parted(gate: Any, identifiers: Any, how: str) -> None:
    for kind, value in identifiers:
        gate.later(seconds=90)
        taken_out(gate, kind, value, how)


@pytest.fixture
def banned(gate: Any) -> Any:
    """Somebody who was banned by mistake, for which somebody who came before was denied, and whose telephone another
    banned account has.
    """
    gate.before, view = gate.came(device="d", card="c"), gate.came(device="d", card="c", phone=PHONE)
    gate.other = gate.came(phone=PHONE)
    gate.said(view)
    round_of(gate)
    gate.said(gate.other)
    round_of(gate)
    assert gate.latest(gate.before) is DENY
    return view


@HOW
@pytest.mark.parametrize("first", ["correction", "parting"])
@pytest.mark.parametrize("identifiers", [OF_THE_OTHER, OWN], ids=["with the corrected one", "from both"])
def test_who_is_parted_from_the_other_ban_is_let_in(
    gate: Any, banned: Any, identifiers: Any, first: str, how: str
) -> None:
    if first == "parting":
        parted(gate, identifiers, how)
    corrected(gate, banned)
    round_of(gate)
    if first == "correction":
        assert (gate.latest(gate.before), due(gate)) == (DENY, 0)
        parted(gate, identifiers, how)
    assert gate.cluster(gate.before) != gate.cluster(gate.other)
    round_of(gate)

    assert (gate.latest(gate.before), due(gate)) == (ALLOW, 0)


@pytest.fixture
def links(gate: Any) -> Any:
    links = hung_on_bans(gate)
    gate.before = links[4]
    return links


@pytest.fixture
def hanging(gate: Any, links: Any) -> Any:
    """The two who hang on the bans, of which one is corrected, and nobody has followed that yet."""
    corrected(gate, links[1])
    return links[4:]


THEIR_TIE = ((IdentifierKind.PAYMENT, "k-c2"),)


@HOW
def test_who_hung_on_the_ban_through_others_and_is_parted_from_them_is_asked_no_longer(
    gate: Any, hanging: Any, how: str
) -> None:
    round_of(gate)
    assert gate.decisions(hanging) == ["step_up"] * 2  # the other ban stands

    parted(gate, THEIR_TIE, how)
    round_of(gate)

    assert gate.decisions(hanging) == ["allow"] * 2


def test_a_correction_that_is_put_off_just_before_they_part_is_not_missed(
    gate: Any, links: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, meanwhile = move_members.put_off_on_both_sides, iter([links[1]])

    def then(*arguments: Any, **named: Any) -> None:
        told(*arguments, **named)
        for view in meanwhile:
            corrected(gate, view)
            gate.undo_bans(gate.now)

    monkeypatch.setattr(move_members, "put_off_on_both_sides", then)
    parted(gate, THEIR_TIE, "cut")
    round_of(gate)

    assert gate.decisions(links[4:]) == ["allow"] * 2


def test_a_correction_that_is_put_off_while_they_part_is_not_missed(
    gate: Any, hanging: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_off, meanwhile = undo_bans.put_off, iter([lambda: parted(gate, THEIR_TIE, "cut")])

    def after(*arguments: Any, **named: Any) -> None:
        for each in meanwhile:
            each()
        put_off(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(undo_bans, "put_off", after)
        gate.undo_bans(gate.now)
    round_of(gate)

    assert gate.decisions(hanging) == ["allow"] * 2


def test_what_is_interrupted_just_when_they_parted_leaves_nobody_waiting(
    gate: Any, hanging: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_of(gate)
    told, calls = move_members.put_off_on_both_sides, iter([True])

    def killed_after_the_first(*arguments: Any, **named: Any) -> None:
        if next(calls, None) is None:
            raise RuntimeError("killed")
        told(*arguments, **named)

    with monkeypatch.context() as killed:
        killed.setattr(move_members, "put_off_on_both_sides", killed_after_the_first)
        with pytest.raises(RuntimeError, match="killed"):
            parted(gate, THEIR_TIE, "cut")
    assert gate.cluster(hanging[0]) == gate.cluster(hanging[1])
    round_of(gate)

    assert gate.decisions(hanging) == ["allow"] * 2


def test_where_a_correction_waits_it_waits_on_both_sides_of_a_cut(gate: Any, banned: Any) -> None:
    corrected(gate, banned)
    round_of(gate)
    places = gate.read(lambda work: work.after_bans.waiting(after_no=0, limit=9))
    assert places == [gate.number(gate.before)]

    parted(gate, OWN, "cut")

    clusters = gate.read(lambda work: work.clusters.clusters_of(list(map(gate.number, (gate.before, banned)))))
    assert len(set(clusters.values())) == 2
    assert all(gate.read(lambda work, of=of: work.after_bans.waits_in([of])) for of in clusters.values())


def test_places_are_looked_at_some_a_round_until_each_had_its_turn(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(put_off_corrections, "PLACES_A_ROUND", 1)
    still, clear = gate.came(), [gate.came() for _ in range(2)]
    for view in (still, *clear):
        with gate.store.begin() as work:
            work.after_bans.put_off(gate.number(view), at=gate.now)
            work.commit()
    contain(gate, still, whole=True)

    due_then = []
    for _ in range(5):
        gate.take_up(gate.now)
        due_then.append(due(gate))

    assert due_then == [0, 1, 2, 2, 2]


def test_who_is_parted_from_what_is_banned_waits_for_the_release_of_what_is_contained(gate: Any, banned: Any) -> None:
    contain(gate, banned, whole=True)
    corrected(gate, banned)
    round_of(gate)

    parted(gate, OWN, "cut")
    round_of(gate)
    assert (gate.latest(gate.before), due(gate)) == (DENY, 0)
    release(gate, gate.before)
    round_of(gate)

    assert (gate.latest(gate.before), due(gate)) == (ALLOW, 0)


@contextmanager
def held_before_its_commit(beside: Callable[[], None]) -> Iterator[None]:
    """What ``beside`` does in a thread of its own is done but for its commit while what is inside happens."""
    thread_ids: list[int] = []
    done, go = Event(), Event()

    def hold(*_: object) -> None:
        if get_ident() in thread_ids and took_up:
            done.set()
            assert go.wait(LONGEST_S)

    took_up: list[str] = []

    def see(_: Any, __: Any, statement: str, *___: object) -> None:
        if get_ident() in thread_ids and statement.startswith("UPDATE look_backs"):
            took_up.append(statement)

    def run() -> None:
        thread_ids.append(get_ident())
        beside()

    event.listen(Engine, "after_cursor_execute", see)
    event.listen(Engine, "commit", hold)
    try:
        with ThreadPoolExecutor(1) as pool:
            begun = pool.submit(run)
            assert done.wait(LONGEST_S), begun.result()
            yield
            go.set()
            begun.result()
    finally:
        go.set()
        event.remove(Engine, "after_cursor_execute", see)
        event.remove(Engine, "commit", hold)


def test_a_release_that_has_not_committed_when_a_correction_is_put_off_is_not_missed(
    postgresql_url: str, open_store: Callable[..., SqlStore], reference: Reference
) -> None:
    gate = Gate(open_store(postgresql_url), reference)
    gate.before, banned = gate.came(device="d", card="c"), gate.came(device="d", card="c")
    gate.said(banned)
    round_of(gate)
    contain(gate, banned, whole=True)
    parted(gate, OWN, "cut")
    release(gate, banned)
    gate.work()
    corrected(gate, banned)
    gate.later(seconds=1)

    with held_before_its_commit(lambda: release(gate, gate.before)):
        gate.undo_bans(gate.now)
        assert due(gate) == 0
    round_of(gate)

    assert gate.latest(gate.before) is ALLOW


@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_a_release_while_a_correction_is_followed_is_not_missed(
    gate: Any, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    links = gate.chain(6)
    for each in links[2:4]:
        gate.proven(each, passed=False)
    for each in links[:2]:
        gate.said(each)
    round_of(gate)
    assert gate.decisions(links[4:]) == ["step_up"] * 2
    contained(gate, links[0], whole=True)
    round_of(gate)
    for each in links[:2]:
        corrected(gate, each)
    near, once = undo_bans._harsh_near, iter([1])

    def released_meanwhile(*arguments: Any) -> Any:
        found = near(*arguments)
        for _ in once:
            release(gate, links[0])
        return found

    if when == "before":
        release(gate, links[0])
    gate.later(seconds=1)
    with monkeypatch.context() as patch:
        if when == "between":
            patch.setattr(undo_bans, "_harsh_near", released_meanwhile)
        gate.undo_bans(gate.now)
    if when == "after":
        release(gate, links[0])
    for _ in range(4):
        gate.later(seconds=60)
        round_of(gate)

    assert gate.decisions(links[4:]) == ["allow"] * 2
