"""A watch after a ban asks those with two of its habits, within a budget, and ends by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from service.domain.decision import Decision
from service.domain.watch import WATCHED
from tests.clusters.looking_back import FIREFOX, habits, round_of

ALLOW, STEP_UP, REVIEW, DENY = Decision


def test_a_watch_asks_newcomers_with_two_of_its_habits_and_ends_by_itself(gate: Any) -> None:
    for _ in range(10):
        gate.came()
    gate.said(gate.came(**habits(1)))
    round_of(gate)
    gate.later(seconds=6)

    watched = gate.came(**habits(2)).assessment
    one_habit = gate.came(bin="424242").assessment
    gate.now += timedelta(hours=73)
    after = gate.came(**habits(3)).assessment

    assert (watched.decision, watched.rules[-1]) == (STEP_UP, WATCHED)
    assert "WATCHED_AFTER_BAN" in [each.code for each in watched.reasons]
    assert WATCHED not in one_habit.rules
    assert (after.decision, WATCHED in after.rules) == (ALLOW, False)


USE = "I will compare translations of medieval charters with the help of a language model for my thesis on scribes."


def test_the_wording_of_the_stated_use_is_a_habit_too(gate: Any) -> None:
    for _ in range(10):
        gate.came()
    gate.said(gate.came(bin="424242", use=USE))
    round_of(gate)
    gate.later(seconds=6)

    assert WATCHED in gate.came(bin="424242", use=USE + " Thank you.").assessment.rules
    assert WATCHED not in gate.came(use=USE).assessment.rules


def test_a_watch_leaves_out_the_habits_that_everybody_has(memory_gate: Any) -> None:
    """The operator's browser is everybody's; his card range and wording are not, and two kinds suffice."""
    gate = memory_gate
    for number in range(400):
        gate.came(ip=f"81.2.69.{number % 200 + 1}", agent=FIREFOX, bin="510510" if number % 2 else None)
    gate.said(gate.came(ip="81.2.69.250", agent=FIREFOX, bin="424242", use=USE))

    round_of(gate)

    (watch,) = gate.read(lambda work: work.after_bans.watches(now=gate.now))
    assert {IdentifierKind.BIN, IdentifierKind.TEXT_BAND} <= {kind for kind, _ in watch.keys}
    assert watch.expected_share <= 0.003


def test_a_contained_piece_is_watched_by_the_habits_of_everybody_in_it(memory_gate: Any) -> None:
    gate = memory_gate
    ring = gate.ring(8)
    late = [gate.came(device="r-d0", card="r-c0", bin="424242", use=USE) for _ in range(2)]
    for number, each in enumerate(ring[:3]):
        gate.said(each, source=("reviewer", "chargeback")[number % 2])
    gate.work()
    assert gate.decisions(late) == ["deny"] * 2

    round_of(gate)
    gate.later(seconds=6)

    assert WATCHED in gate.came(bin="424242", use=USE).assessment.rules


def test_another_watch_follows_once_as_much_again_is_known(memory_gate: Any) -> None:
    gate = memory_gate

    def banned(number: int) -> None:
        gate.said(gate.came(device="one", bin=f"4242{number:02}", use=f"{USE} {'abcdefgh'[number] * 9} " * 3))
        round_of(gate)

    watches = []
    for number in range(4):
        banned(number)
        watches.append(len(gate.read(lambda work: work.after_bans.watches(now=gate.now))))

    assert watches[0] == 1
    assert watches[-1] > 1


def test_a_watch_that_would_ask_too_many_honest_people_is_not_opened(memory_gate: Any) -> None:
    gate = memory_gate
    for number in range(8):
        gate.came(**habits(number))
    for _ in range(200):
        gate.came()
    gate.said(gate.came(**habits(10)))

    round_of(gate)

    assert gate.read(lambda work: work.after_bans.watches(now=gate.now)) == ()


def test_watches_together_stay_within_the_budget(memory_gate: Any) -> None:
    gate = memory_gate
    gate.came(**habits(0))
    for _ in range(400):
        gate.came()
    for number in (5, 6):
        gate.said(gate.came(device=f"lone-{number}", **habits(number)))
        round_of(gate)

    watches = gate.read(lambda work: work.after_bans.watches(now=gate.now))
    assert sum(watch.expected_share for watch in watches) <= 0.003
    assert len(watches) == 1


def test_a_decision_asks_nothing_of_the_database_for_watches(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.said(gate.came(**habits(1)))
    round_of(gate)
    gate.later(seconds=6)
    gate.came()
    asked = []
    kind = type(gate.store.begin().after_bans)
    monkeypatch.setattr(kind, "watches", lambda _, *, now: asked.append(now) or ())

    gate.came(**habits(2))

    assert asked == []
