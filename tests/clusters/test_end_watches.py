"""A watch ends with the last of the bans that it followed: what is corrected asks no newcomer any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.domain.cluster import cluster_id
from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.domain.watch import WATCHED, Watch
from service.usecases.end_watches import EndWatches
from service.usecases.look_back import LookBack
from tests.clusters.looking_back import habits
from tests.clusters.test_undo_bans import corrected, round_of

ALLOW, STEP_UP, REVIEW, DENY = Decision


def watches(gate: Any) -> tuple[Watch, ...]:
    return tuple(gate.read(lambda work: work.after_bans.watches(now=gate.now)))


def asked(gate: Any, number: int) -> bool:
    """Whether a watch asks a newcomer with these habits, once every process has read what holds again."""
    gate.later(seconds=6)
    return WATCHED in gate.came(**habits(number)).assessment.rules


def ended(gate: Any) -> list[Any]:
    return list(gate.read(lambda work: work.audit.entries(action="watch.ended", limit=10)))


def banned_by_mistake(gate: Any) -> Any:
    """Somebody whose habits are watched."""
    view = gate.came(device="d", **habits(1))
    gate.said(view)
    round_of(gate)
    assert len(watches(gate)) == 1
    return view


@pytest.fixture
def honest(gate: Any) -> None:
    """Ten people by whom it is seen what is usual."""
    for _ in range(10):
        gate.came()


@pytest.fixture
def banned(gate: Any, honest: None) -> Any:
    del honest
    return banned_by_mistake(gate)


def test_a_corrected_ban_is_watched_no_longer(gate: Any, banned: Any) -> None:
    (watch,) = watches(gate)
    assert asked(gate, 2)
    corrected(gate, banned)

    round_of(gate)

    assert not asked(gate, 3)
    assert watches(gate) == ()
    (entry,) = ended(gate)
    assert (entry.actor, entry.subject) == ("worker", cluster_id(watch.cluster))
    assert entry.detail == {"watch": watch.id, "corrected": [banned.id]}


def assert_it_stays_until_both_are_corrected(gate: Any, banned: Any, other: Any) -> None:
    corrected(gate, banned)
    round_of(gate)
    assert asked(gate, 3)

    corrected(gate, other)
    round_of(gate)

    assert not asked(gate, 4)


def test_a_watch_stays_while_a_ban_of_its_cluster_does(gate: Any, banned: Any) -> None:
    other = gate.came(device="d")
    gate.said(other)
    round_of(gate)
    assert_it_stays_until_both_are_corrected(gate, banned, other)
    assert len(ended(gate)) == 1


def test_a_watch_stays_while_a_ban_elsewhere_has_the_same_habits(gate: Any, banned: Any) -> None:
    """It opened none of its own, because they were watched already."""
    other = gate.came(device="elsewhere", **habits(7))
    gate.said(other)
    round_of(gate)
    assert (gate.cluster(other) != gate.cluster(banned), len(watches(gate))) == (True, 1)
    assert_it_stays_until_both_are_corrected(gate, banned, other)


@pytest.mark.usefixtures("honest")
def test_a_ban_elsewhere_holds_a_watch_no_longer_than_one_of_its_own(gate: Any) -> None:
    gate.said(gate.came(device="of-last-week", **habits(7)))
    round_of(gate)
    gate.now += timedelta(hours=73)
    corrected(gate, banned_by_mistake(gate))

    round_of(gate)

    assert not asked(gate, 3)


@pytest.mark.usefixtures("honest")
def test_the_watch_of_a_cluster_that_became_part_of_another_ends_too(gate: Any) -> None:
    gate.came(device="older")
    view = banned_by_mistake(gate)
    (watch,) = watches(gate)
    gate.came(device="older", card="joins")
    gate.came(device="d", card="joins")
    assert gate.cluster(view) != cluster_id(watch.cluster)
    corrected(gate, view)

    round_of(gate)

    assert not asked(gate, 3)


def test_corrections_of_others_end_no_watch(gate: Any, banned: Any) -> None:
    other = gate.came(device="elsewhere")
    gate.said(other)
    round_of(gate)
    corrected(gate, other)

    round_of(gate)

    assert asked(gate, 3)


def test_a_ban_that_is_said_again_is_watched_again(gate: Any, banned: Any) -> None:
    corrected(gate, banned)
    round_of(gate)
    gate.said(banned, source="law", reason="after all")

    round_of(gate)

    assert asked(gate, 3)


def test_a_watch_that_two_workers_end_ends_once(gate: Any, banned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (watch,) = watches(gate)
    corrected(gate, banned)
    bans = gate.read(lambda work: work.after_bans.corrected(limit=10))
    lines, at = gate.policy.document.clusters.after_ban, gate.now
    ends = EndWatches(gate.store.begin)
    kind = type(gate.store.begin().after_bans)
    assert ends(bans, lines, at) == 1
    gate.later(seconds=1)
    with monkeypatch.context() as late:
        late.setattr(kind, "watches", lambda *_, **__: (watch,))  # it read them before the other one ended any

        assert ends(bans, lines, gate.now) == 0

    assert len(ended(gate)) == 1
    with gate.store.begin() as work:
        work.after_bans.end_watch(watch, at=gate.now)
        with pytest.raises(ConflictError):
            work.commit()
    assert gate.read(lambda work: work.after_bans.watches(now=at)) == ()


def test_a_ban_that_is_corrected_while_it_is_looked_back_from_leaves_no_watch(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(10):
        gate.came()
    view = gate.came(device="d", **habits(1))
    gate.said(view)
    opens = LookBack._watch

    def corrected_meanwhile(*given: Any) -> None:
        opens(*given)
        corrected(gate, view)
        gate.undo_bans(gate.now)

    with monkeypatch.context() as patched:
        patched.setattr(LookBack, "_watch", corrected_meanwhile)
        gate.look_back(gate.now)
    assert len(watches(gate)) == 1

    round_of(gate)

    assert not asked(gate, 3)


def test_whom_a_watch_asked_waits_for_his_proof(gate: Any, banned: Any) -> None:
    gate.later(seconds=6)
    newcomer = gate.came(**habits(3))
    assert gate.latest(newcomer) is STEP_UP
    corrected(gate, banned)

    round_of(gate)

    assert gate.latest(newcomer) is STEP_UP
