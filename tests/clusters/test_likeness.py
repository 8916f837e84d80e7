"""Likeness: who is like the banned is asked, newcomers and accounts that were let in before; few others are."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from service.domain.decision import Decision
from service.domain.errors import UnavailableError
from service.domain.event import EventType
from service.domain.habits import HABIT_KINDS
from service.domain.likeness import LIKE_BANNED, Drawn
from service.usecases.draw_likeness import ROUND, DrawLikeness
from service.usecases.record_outcome import record_result
from service.usecases.workers_cases import RecordedCases
from tests.clusters.conftest import START, Gate, policy_of

ALLOW, STEP_UP, _, _ = Decision
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HONEST = 120
DAY = timedelta(days=1)


def like_the_operator(number: int) -> dict[str, str]:
    """His card range, browser and mail provider; everything else is another's each time."""
    return {"bin": "424242", "agent": FIREFOX, "mail": f"{'abcdefghijklmnopqrstuvwxyz'[number]}na.lee@webmail.example"}


class Drawing:
    """A gate whose model finds everybody harmless, where nothing but likeness looks out for anybody."""

    def __init__(self, gate: Gate, **lines: float) -> None:
        said = {"watch_hours": 0, "likeness_at_once": 0.05, "likeness_back": 0.05, **lines}
        section = "\n".join(f"{name} = {value}" for name, value in said.items())
        gate.policy = policy_of(("[approval]", f"[clusters.after_ban]\n{section}\n\n[approval]"))
        model: Any = SimpleNamespace(
            card=SimpleNamespace(version="harmless", model_sha256="0" * 64),
            scorer=SimpleNamespace(
                score=lambda _: SimpleNamespace(probability=0.01),
                explain=lambda vector: SimpleNamespace(contributions=[0.0] * len(vector)),
            ),
        )
        gate.judge = replace(gate.judge, model=lambda: model)
        gate.assess = replace(gate.assess, judge=gate.judge)
        self.gate = gate
        self.cases = RecordedCases()
        self.draw = DrawLikeness(gate.store.begin, gate.judge, self.cases, gate.telling(3))

    def world(self, *, banned: int = 3) -> list[Any]:
        """Honest people, then accounts of an operator of whom some are banned; those that are not are given back."""
        for _ in range(HONEST):
            self.gate.came()
        own = [self.gate.came(**like_the_operator(number)) for number in range(banned + 2)]
        for view in own[:banned]:
            self.gate.said(view)
        return own[banned:]

    def proof(self, view: Any, *, passed: bool) -> None:
        with self.gate.store.begin() as work:
            record_result(work, self.gate.number(view), passed=passed, at=self.gate.now)
            work.commit()

    def round(self) -> int:
        asked = self.draw(self.gate.now)
        self.gate.later(seconds=6)
        return asked

    def asks(self, number: int) -> bool:
        """Whether another one of the operator is asked for being like the banned."""
        return LIKE_BANNED in self.gate.came(**like_the_operator(number)).assessment.rules

    def clear(self) -> None:
        """The bans turn out to be mistakes."""
        for each in self.gate.read(lambda work: work.likenesses.fallen(since=START, limit=9)):
            fallen: Any = SimpleNamespace(id=self.gate.read(lambda work, no=each: work.clusters.member(no)).id)
            self.gate.said(fallen, "unknown")

    def standing(self) -> Any:
        return self.gate.read(lambda work: work.likenesses.standing(now=self.gate.now))


@pytest.fixture
def drawing(gate: Gate) -> Drawing:
    return Drawing(gate)


@pytest.fixture
def in_memory(memory_gate: Gate) -> Drawing:
    return Drawing(memory_gate)


def test_newcomers_like_the_banned_are_asked_until_it_ends_by_itself(drawing: Drawing) -> None:
    drawing.world()
    drawing.round()

    alike = drawing.gate.came(**like_the_operator(8)).assessment
    other = drawing.gate.came().assessment
    drawing.gate.now += timedelta(hours=72)
    after = drawing.gate.came(**like_the_operator(9)).assessment

    assert (alike.decision, alike.rules[-1]) == (STEP_UP, LIKE_BANNED)
    (reason,) = [each for each in alike.reasons if each.code == "LIKE_BANNED_ACCOUNTS"]
    assert "mail domain" in reason.text
    assert other.decision is ALLOW
    assert LIKE_BANNED not in after.rules


def test_accounts_that_were_let_in_before_are_asked_once(drawing: Drawing) -> None:
    standby, cleared = drawing.world(banned=10)
    drawing.gate.said(cleared, "legitimate")

    assert drawing.round() == 1
    for number in range(5):
        drawing.gate.said(drawing.gate.came(**like_the_operator(number + 15)))
    assert drawing.round() == 0
    assert drawing.standing().banned == 15

    assert (drawing.gate.latest(standby), drawing.gate.latest(cleared)) == (STEP_UP, ALLOW)
    told = drawing.gate.read(lambda work: work.events.of_subject(standby.id))[-1]
    assert (told.type, told.data["after"]) == (EventType.ACCOUNT_REASSESS, "likeness")


def test_who_is_decided_on_while_he_is_asked_keeps_no_other_from_being_asked(drawing: Drawing) -> None:
    gate, tell = drawing.gate, drawing.draw._tell
    one, other = drawing.world(banned=10)
    recorded = gate.read(lambda work: work.ledger.get("campus", one.id))
    held = replace(recorded.assessments[-1], id="z", decision=Decision.REVIEW)

    def told(*parts: Any, **named: Any) -> Any:
        drawing.draw._tell = tell
        with gate.store.begin() as work:
            work.ledger.append_assessment(recorded.signup_no, held, work.audit.entries(limit=1)[0])
            work.commit()
        return tell(*parts, **named)

    drawing.draw._tell = told

    assert drawing.round() == 1
    assert (gate.latest(one), gate.latest(other)) == (Decision.REVIEW, STEP_UP)


@pytest.mark.parametrize("by", ["verdict", "proof"])
def test_whom_a_proof_or_a_verdict_let_in_somebody_else_looks_at(drawing: Drawing, by: str) -> None:
    _, vouched = drawing.world(banned=10)
    honest = drawing.gate.came()
    for view in (vouched, honest):
        if by == "verdict":
            drawing.gate.said(view, "legitimate")
        else:
            drawing.proof(view, passed=True)
    drawing.round()

    (case,) = drawing.cases.cases.values()

    assert (case.record_id, case.reason, case.size, case.again) == (vouched.id, "LIKE_BANNED_ACCOUNTS", 1, True)
    assert case.note.startswith(f"Let in by a {by} before these bans were known. It resembles accounts")
    assert (drawing.gate.latest(vouched), drawing.gate.latest(honest)) == (ALLOW, ALLOW)


def test_a_failed_proof_after_the_other_vouches_for_nobody(in_memory: Drawing) -> None:
    _, failed = in_memory.world(banned=10)
    in_memory.proof(failed, passed=True)
    in_memory.proof(failed, passed=False)
    in_memory.round()

    assert in_memory.cases.cases == {}


def test_what_stands_is_what_was_drawn(drawing: Drawing) -> None:
    drawing.world()
    drawing.round()

    likeness = drawing.standing()

    assert (likeness.number, likeness.banned, likeness.expected_share) == (1, 3, pytest.approx(0.03))
    assert likeness.before_no == HONEST + 1
    assert {kind for kind, _ in likeness.weights.of_habit} <= set(HABIT_KINDS)
    assert likeness.weights.absent == pytest.approx(math.log(2 / 5))
    assert likeness.until - likeness.drawn_at == timedelta(hours=72)
    drawn = drawing.gate.read(lambda work: work.likenesses.drawn(since=likeness.drawn_at))
    assert drawn == (Drawn(likeness.expected_share, likeness.drawn_at, likeness.until),)
    (entry,) = drawing.gate.read(lambda work: work.audit.entries(subject=likeness.id))
    assert (entry.action, entry.detail["banned"]) == ("likeness.drawn", 3)


def test_two_bans_have_nothing_in_common_yet(in_memory: Drawing) -> None:
    in_memory.world(banned=2)
    in_memory.round()

    assert in_memory.standing() is None


def test_it_ends_when_the_bans_turn_out_to_be_mistakes(drawing: Drawing) -> None:
    drawing.world()
    drawing.round()
    drawing.clear()

    drawing.round()

    assert drawing.standing() is None
    assert not drawing.asks(8)


def test_of_two_workers_who_draw_at_once_one_does(drawing: Drawing, monkeypatch: pytest.MonkeyPatch) -> None:
    standby, _ = drawing.world(banned=10)
    drawing.round()
    drawn = drawing.standing()
    late = DrawLikeness(drawing.gate.store.begin, drawing.gate.judge, RecordedCases(), drawing.gate.telling(4))
    monkeypatch.setattr(type(drawing.gate.store.begin().likenesses), "next_number", lambda _: drawn.number)

    assert late(drawing.gate.now) == 0
    assert drawing.standing() == drawn
    assert len(drawing.gate.read(lambda work: work.ledger.get("campus", standby.id)).assessments) == 2


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, of: object, method: str) -> Iterator[None]:
    """The database is away for a moment: just when a round calls this method."""

    def away(*_: Any, **__: Any) -> None:
        raise UnavailableError("The database cannot be used.")

    with monkeypatch.context() as patch:
        patch.setattr(of, method, away)
        with pytest.raises(UnavailableError):
            yield


def test_what_was_not_drawn_because_the_database_was_away_is_drawn_in_the_next_round(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    standby, _ = drawing.world(banned=10)
    with failing(monkeypatch, type(drawing.gate.store.begin().likenesses), "draw"):
        drawing.round()

    drawing.round()

    assert drawing.standing() is not None
    assert drawing.gate.latest(standby) is STEP_UP


def test_what_did_not_end_because_the_database_was_away_ends_in_the_next_round(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing.world()
    drawing.round()
    drawing.clear()
    with failing(monkeypatch, type(drawing.gate.store.begin().likenesses), "end"):
        drawing.round()

    drawing.round()

    assert drawing.standing() is None


def test_who_was_not_asked_because_the_database_was_away_is_asked_soon(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    standby, _ = drawing.world(banned=10)
    with failing(monkeypatch, drawing.draw, "_ask_some"):
        drawing.round()
    assert drawing.standing() is not None
    drawing.gate.now += ROUND

    drawing.round()

    assert drawing.gate.latest(standby) is STEP_UP


def test_the_next_one_takes_the_place_of_the_one_before(drawing: Drawing) -> None:
    drawing.world()
    drawing.round()
    first = drawing.standing()
    for number in range(3):
        drawing.gate.said(drawing.gate.came(**like_the_operator(number + 5)))
    drawing.round()

    second = drawing.standing()

    assert (second.number, second.banned) == (first.number + 1, 6)
    spans = drawing.gate.read(lambda work: work.likenesses.drawn(since=first.drawn_at))
    assert sorted((each.drawn_at, each.until) for each in spans) == [
        (first.drawn_at, second.drawn_at),
        (second.drawn_at, second.until),
    ]


def test_what_is_contained_counts_as_fallen_and_what_is_released_does_not(gate: Gate) -> None:
    ring = gate.ring(10, frauds=3)
    gate.work()
    since = START - DAY

    fallen = gate.read(lambda work: work.likenesses.fallen(since=since, limit=50))
    newest = gate.read(lambda work: work.likenesses.fallen(since=since, limit=4))
    later = gate.read(lambda work: work.likenesses.fallen(since=gate.now + DAY, limit=50))
    cluster = gate.cluster(ring[0])
    gate.clusters.contain.release(cluster, by="key:k1", reason="a laboratory", now=gate.now, owner="campus")
    after = gate.read(lambda work: work.likenesses.fallen(since=since, limit=50))

    numbers = [gate.number(view) for view in ring]
    assert list(fallen) == sorted(numbers, reverse=True)
    assert list(newest) == sorted(numbers, reverse=True)[:4]
    assert later == ()
    assert sorted(after) == numbers[7:]


def test_who_failed_a_proof_counts_as_fallen_until_he_is_cleared(gate: Gate) -> None:
    failed, passed, cleared = (gate.came() for _ in range(3))
    for view, proven in ((failed, False), (passed, True), (cleared, False)):
        with gate.store.begin() as work:
            record_result(work, gate.number(view), passed=proven, at=gate.now)
            work.commit()
    gate.said(cleared, "legitimate")

    fallen = gate.read(lambda work: work.likenesses.fallen(since=START, limit=9))
    later = gate.read(lambda work: work.likenesses.fallen(since=gate.now + DAY, limit=9))

    assert (fallen, later) == ((gate.number(failed),), ())


def test_where_nobody_came_before_nobody_is_asked(drawing: Drawing) -> None:
    """Without honest sign-ups no line can be drawn, and nothing is spent of the budget."""
    for number in range(5):
        drawing.gate.said(drawing.gate.came(**like_the_operator(number)))
    drawing.round()

    assert not drawing.asks(8)
    assert drawing.standing().expected_share == 0.0


def test_those_who_fell_for_reasons_of_their_own_spend_nothing_of_the_budget(in_memory: Drawing) -> None:
    drawn = random.Random(11)
    for number in range(HONEST + 12):
        habits = {"bin": drawn.choice(["424242", "510510", "400000", "555555"]), "agent": drawn.choice([FIREFOX, None])}
        view = in_memory.gate.came(**habits)
        if number >= HONEST:
            in_memory.gate.said(view)
    in_memory.round()

    likeness = in_memory.standing()

    assert (likeness.banned, likeness.expected_share, likeness.line) == (12, 0.0, math.inf)
    (entry,) = in_memory.gate.read(lambda work: work.audit.entries(subject=likeness.id))
    assert entry.detail["alike"] < 2


@pytest.mark.parametrize(("of_before", "drawn_of"), [(4, 3), (12, 15)])
def test_an_attack_that_begins_is_not_blurred_by_what_fell_before(
    in_memory: Drawing, of_before: int, drawn_of: int
) -> None:
    """Three in the last hours are a wave beside four of the two days before, and chance beside twelve."""
    before = [in_memory.gate.came(bin="510510") for _ in range(of_before)]
    for view in before:
        in_memory.gate.said(view)
    in_memory.gate.now += 2 * DAY
    in_memory.world(banned=3)
    in_memory.round()

    assert in_memory.standing().banned == drawn_of


def test_in_a_flood_others_are_those_from_before_it_and_whom_nobody_asked(in_memory: Drawing) -> None:
    in_memory.world()
    in_memory.round()
    first = in_memory.standing()
    bin_of_his = max(first.weights.of_habit, key=lambda habit: (habit[0] == "bin", first.weights.of_habit[habit]))
    flood = [in_memory.gate.came(**like_the_operator(number % 26)) for number in range(60)]
    for view in flood[-3:]:
        in_memory.gate.said(view)
    in_memory.round()

    second = in_memory.standing()

    assert second.banned == 6
    assert second.weights.of_habit[bin_of_his] > first.weights.of_habit[bin_of_his]


def test_of_a_long_attack_the_lines_are_read_off_those_from_before_it_for_a_month(memory_gate: Gate) -> None:
    drawing = Drawing(memory_gate, likeness_budget=0.05)
    drawing.world()
    drawing.round()
    started = drawing.gate.now
    where = {}
    for _ in range(17):
        drawing.gate.now += 2 * DAY
        for number in range(3):
            drawing.gate.said(drawing.gate.came(**like_the_operator(number + 5)))
        drawing.round()
        where[drawing.gate.now - started < 30 * DAY] = drawing.standing().before_no

    assert where[True] == HONEST + 1
    assert where[False] != HONEST + 1


def test_a_spent_budget_asks_fewer(memory_gate: Gate) -> None:
    """A month of 0.9 % pays for three days of 9 %: after two of them a third is left for the next three."""
    drawing = Drawing(memory_gate, likeness_budget=0.009, likeness_at_once=0.09)
    drawing.world()
    drawing.round()
    assert drawing.standing().expected_share == 0.09
    drawing.gate.now += 2 * DAY
    for number in range(3):
        drawing.gate.said(drawing.gate.came(**like_the_operator(number + 5)))

    drawing.round()

    assert drawing.standing().expected_share == pytest.approx(0.09 / 3, rel=1e-2)


def asked_and_answered(drawing: Drawing, count: int, *, failed: int) -> None:
    """So many of the operator come and are asked; the first of them fail the proof, the others give it."""
    two_letters = [f"{first}{second}" for first in "abcdefgh" for second in "abcdefgh"]
    mails = [f"{each}na.lee@webmail.example" for each in two_letters[:count]]
    came = [drawing.gate.came(bin="424242", mail=mail) for mail in mails]
    assert {view.assessment.rules for view in came} == {(LIKE_BANNED,)}
    for at, view in enumerate(came):
        drawing.proof(view, passed=at >= failed)


@pytest.mark.parametrize(("failed", "left"), [(16, 0.09), (15, 0.0275), (0, 0.0275)])
def test_what_is_asked_costs_nothing_while_most_of_those_asked_fail(
    memory_gate: Gate, failed: int, left: float
) -> None:
    """A month of 0.9 % pays for three days of 9 %, of which two and two hours are over."""
    drawing = Drawing(memory_gate, likeness_budget=0.009, likeness_at_once=0.09)
    drawing.world()
    drawing.round()
    drawing.gate.now += 2 * DAY
    asked_and_answered(drawing, 31, failed=failed)
    drawing.gate.now += timedelta(hours=2)
    drawing.gate.said(drawing.gate.came(**like_the_operator(3)))
    drawing.gate.said(drawing.gate.came(**like_the_operator(4)))
    drawing.gate.said(drawing.gate.came(**like_the_operator(5)))

    drawing.round()

    standing = drawing.standing()
    entry = drawing.gate.read(lambda work: work.audit.entries(subject=standing.id))[-1]
    assert entry.detail["expected_share"] == pytest.approx(left, rel=1e-2)
    assert standing.expected_share == (0.0 if failed == 16 else pytest.approx(left, rel=1e-2))
    assert standing.until - standing.drawn_at == timedelta(hours=6 if failed == 16 else 72)


def test_whether_it_is_well_spent_is_asked_again_though_nobody_else_fell(memory_gate: Gate) -> None:
    drawing = Drawing(memory_gate, likeness_budget=0.02, likeness_at_once=0.09)
    drawing.world()
    drawing.round()
    asked_and_answered(drawing, 31, failed=31)
    drawing.gate.now += timedelta(hours=2)
    drawing.round()
    well_spent = drawing.standing()
    asked_and_answered(drawing, 40, failed=0)
    drawing.gate.now += timedelta(hours=5, minutes=55)

    drawing.round()

    assert (well_spent.expected_share, drawing.standing().number) == (0.0, well_spent.number + 1)
    assert drawing.standing().expected_share > 0


def test_who_would_have_been_asked_anyway_does_not_say_that_likeness_is_well_spent(memory_gate: Gate) -> None:
    drawing = Drawing(memory_gate, likeness_budget=0.02, likeness_at_once=0.09)
    drawing.world()
    drawing.round()
    model: Any = drawing.gate.judge.model()
    model.scorer.score = lambda _: SimpleNamespace(probability=0.2)
    asked_and_answered(drawing, 31, failed=31)
    drawing.gate.now += timedelta(hours=2)

    drawing.round()

    standing = drawing.standing()
    entry = drawing.gate.read(lambda work: work.audit.entries(subject=standing.id))[-1]
    assert (standing.number, entry.detail["well_spent"]) == (2, False)


def test_answers_of_days_ago_say_nothing_of_today(memory_gate: Gate) -> None:
    drawing = Drawing(memory_gate, likeness_at_once=0.09)
    drawing.world()
    drawing.round()
    asked_and_answered(drawing, 31, failed=31)
    drawing.gate.now += 4 * DAY
    for number in range(3):
        drawing.gate.said(drawing.gate.came(**like_the_operator(number)))

    drawing.round()

    standing = drawing.standing()
    entry = drawing.gate.read(lambda work: work.audit.entries(subject=standing.id))[-1]
    assert (entry.detail["banned"], entry.detail["well_spent"]) == (3, False)


def test_an_attack_begins_where_the_fallen_lie_densely_not_at_one_of_last_week(in_memory: Drawing) -> None:
    old = in_memory.gate.came(bin="510510")
    in_memory.gate.now += 3 * DAY
    in_memory.world(banned=4)
    in_memory.gate.said(old)
    in_memory.round()

    assert in_memory.standing().before_no == 1 + HONEST + 1


def test_an_attack_begins_where_it_began_though_its_budget_is_spent(memory_gate: Gate) -> None:
    drawing = Drawing(memory_gate, likeness_budget=1e-9)
    drawing.world()
    began_at = []
    for number in range(3):
        drawing.round()
        standing = drawing.standing()
        assert standing.line == math.inf
        began_at.append(standing.before_no)
        for again in range(3):
            drawing.gate.said(drawing.gate.came(**like_the_operator(3 * number + again)))

    assert began_at == [HONEST + 1] * 3


@pytest.mark.parametrize("off", [{"likeness_hours": 0.0}, {"likeness_at_once": 0.0}])
def test_a_policy_may_do_without(memory_gate: Gate, off: dict[str, float]) -> None:
    drawing = Drawing(memory_gate, **off)
    standby, _ = drawing.world(banned=10)

    assert drawing.round() == 0
    assert drawing.gate.latest(standby) is ALLOW
    assert not drawing.asks(14)


def test_without_a_model_nobody_is_like_anybody(in_memory: Drawing) -> None:
    in_memory.world()
    in_memory.round()
    gate = in_memory.gate
    assert in_memory.asks(8)
    gate.assess = replace(gate.assess, judge=replace(gate.judge, model=lambda: None))

    assert not in_memory.asks(9)


def test_a_decision_asks_nothing_of_the_database_for_it(drawing: Drawing, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing.world()
    drawing.round()
    drawing.gate.came()
    asked = []
    kind = type(drawing.gate.store.begin().likenesses)
    monkeypatch.setattr(kind, "standing", lambda _, *, now: asked.append(now))

    assert drawing.asks(8)
    assert asked == []
