"""A verdict that is taken back is as if it had never been, for the release of what holds the account too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

import pytest

from service.connections import VerdictsSpeak
from service.domain.case import Case
from service.domain.decision import Decision
from service.domain.outcome import Label
from service.domain.verdict import Verdict
from service.storage.sql.outcomes import SqlOutcomes
from service.usecases.case_use_cases import CaseUseCases, case_use_cases
from service.usecases.give_back import Made
from tests.clusters.releasing import carry, contained, history, release, released
from tests.clusters.test_settled_cases import DANA, LEA
from tests.clusters.test_undo_bans import corrected, round_of

ALLOW, STEP_UP, REVIEW, DENY = Decision
CODES = {Verdict.APPROVE: "FALSE_ALARM", Verdict.REJECT: "LINKED_TO_FRAUD", Verdict.ASK_MORE: "IDENTITY_PROOF"}


@pytest.fixture
def people(gate: Any, desk: CaseUseCases) -> CaseUseCases:
    """The reviewers, whose verdicts are outcomes too."""
    del desk  # whose policy has no case judged twice
    speak = VerdictsSpeak(lambda: gate.policy, gate.new_id)
    return case_use_cases(gate.store.begin, policy=lambda: gate.policy, new_id=gate.new_id, tell_outcome=speak)


@pytest.fixture
def judged(gate: Any, people: CaseUseCases) -> Callable[[Any, Verdict], Case]:
    """Has a reviewer judge an account in a case that somebody opened about it."""

    def judge(view: Any, verdict: Verdict) -> Case:
        gate.later(seconds=1)
        case = people.open(view.id, acting=LEA, now=gate.now)
        people.handle.claim(case.id, acting=DANA, now=gate.now)
        return people.verdict(case.id, verdict, CODES[verdict], acting=DANA, now=gate.now).case

    return judge


def undone(gate: Any, people: CaseUseCases, case: Case) -> None:
    gate.later(seconds=1)
    people.take_back.undo(case.id, acting=DANA, now=gate.now)


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.APPROVE, Verdict.ASK_MORE])
@pytest.mark.parametrize("release_first", [True, False])
def test_an_account_of_the_core_is_given_back_whenever_the_verdict_on_it_is_taken_back(
    gate: Any, people: CaseUseCases, judged: Callable[..., Case], verdict: Verdict, *, release_first: bool
) -> None:
    ring = gate.ring(8)
    contained(gate, ring[0], whole=True)
    case = judged(ring[3], verdict)

    if release_first:
        released(gate, ring[0])
    undone(gate, people, case)
    assert gate.latest(ring[3]) is DENY
    if not release_first:
        released(gate, ring[0])
    carry(gate)

    assert gate.decisions(ring) == ["allow"] * 8
    assert gate.read(lambda work: work.containments.tasks(limit=1)) == ()


@pytest.mark.parametrize("release_first", [True, False])
def test_a_leaf_is_given_back_whenever_the_verdict_on_it_is_taken_back(
    gate: Any, people: CaseUseCases, judged: Callable[..., Case], *, release_first: bool
) -> None:
    ring, leaf = gate.ring(8, frauds=1), gate.came(device="r-d0")
    contained(gate, ring[0])
    assert gate.latest(leaf) is STEP_UP
    case = judged(leaf, Verdict.REJECT)

    if release_first:
        released(gate, ring[0])
        assert gate.latest(leaf) is DENY
    undone(gate, people, case)
    if not release_first:
        released(gate, ring[0])
    carry(gate)

    assert history(gate, leaf) == ["allow", "step_up", "deny", "step_up", "allow"]


def test_whoever_was_turned_away_at_the_door_is_looked_at_when_the_verdict_on_him_is_taken_back(
    gate: Any, people: CaseUseCases, judged: Callable[..., Case]
) -> None:
    ring = gate.ring(8)
    contained(gate, ring[0], whole=True)
    late = gate.came(device="r-d0", card="r-c2")
    case = judged(late, Verdict.REJECT)
    released(gate, ring[0])
    assert gate.latest(late) is DENY

    undone(gate, people, case)
    carry(gate)

    assert gate.latest(late) is ALLOW


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.APPROVE, Verdict.ASK_MORE])
def test_a_correction_lets_in_whom_the_ban_had_denied_though_a_verdict_on_him_was_taken_back(
    gate: Any, people: CaseUseCases, judged: Callable[..., Case], verdict: Verdict
) -> None:
    before, banned = gate.came(device="d", card="c"), gate.came(device="d", card="c")
    gate.said(banned)
    round_of(gate)
    assert gate.latest(before) is DENY
    undone(gate, people, judged(before, verdict))

    corrected(gate, banned)
    round_of(gate)

    assert gate.latest(before) is ALLOW


@pytest.mark.parametrize(("label", "source"), [("unknown", "reviewer"), ("legitimate", "reviewer")])
def test_a_rejection_that_a_caller_told_is_taken_back_likewise(gate: Any, label: str, source: str) -> None:
    ring = gate.ring(8)
    contained(gate, ring[0], whole=True)
    gate.said(ring[3])
    gate.said(ring[3], "fraud", "partner")
    released(gate, ring[0])
    assert gate.latest(ring[3]) is DENY

    gate.said(ring[3], label, source)
    carry(gate)

    assert gate.latest(ring[3]) is ALLOW


def test_whoever_stands_rejected_is_given_back_by_no_other_word(gate: Any) -> None:
    ring = gate.ring(8)
    contained(gate, ring[0], whole=True)
    gate.said(ring[3])
    gate.said(ring[3], "fraud", "partner")
    released(gate, ring[0])

    gate.said(ring[3], "unknown", "partner")
    carry(gate)

    assert gate.latest(ring[3]) is DENY


def test_nobody_is_given_back_twice(gate: Any, people: CaseUseCases, judged: Callable[..., Case]) -> None:
    ring = gate.ring(8)
    contained(gate, ring[0], whole=True)
    released(gate, ring[0])
    case = judged(ring[3], Verdict.REJECT)

    undone(gate, people, case)
    carry(gate)

    assert history(gate, ring[3]) == ["allow", "deny", "allow", "deny", "allow"]


def test_who_is_contained_once_more_by_then_stays_denied_until_that_is_released(
    gate: Any, people: CaseUseCases, judged: Callable[..., Case]
) -> None:
    ring = gate.ring(8)
    contained(gate, ring[0], whole=True)
    case = judged(ring[3], Verdict.REJECT)
    released(gate, ring[0])
    contained(gate, ring[0], whole=True)

    undone(gate, people, case)
    carry(gate)
    meanwhile = gate.latest(ring[3])
    released(gate, ring[0])

    assert (meanwhile, gate.latest(ring[3])) == (DENY, ALLOW)


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.APPROVE])
@pytest.mark.parametrize("before_it_reads", [True, False])
def test_a_verdict_that_is_taken_back_while_the_worker_reads_of_it_is_none(
    gate: Any,
    people: CaseUseCases,
    judged: Callable[..., Case],
    monkeypatch: pytest.MonkeyPatch,
    verdict: Verdict,
    *,
    before_it_reads: bool,
) -> None:
    ring = gate.ring(8)
    contained(gate, ring[0], whole=True)
    case = judged(ring[3], verdict)
    gate.later(seconds=1)
    release(gate, ring[0])
    read, once = Made.of, iter([lambda: undone(gate, people, case)])

    def reading(*arguments: Any) -> Made:
        made = None if before_it_reads else read(*arguments)
        for happens in once:
            happens()
        return made or read(*arguments)

    monkeypatch.setattr(Made, "of", reading)
    carry(gate)

    assert gate.decisions(ring) == ["allow"] * 8


def test_whoever_takes_a_verdict_back_waits_for_the_worker_who_left_the_account_to_it(
    sql_gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, nothing_more_said = sql_gate, SqlOutcomes.nothing_more_said
    ring = gate.ring(8)
    contained(gate, ring[0], whole=True)
    gate.said(ring[3])
    gate.later(seconds=1)
    release(gate, ring[0])
    beside = Thread(target=lambda: gate.said(ring[3], "unknown"))

    def checked(outcomes: SqlOutcomes, heard: Mapping[int, int]) -> None:
        nothing_more_said(outcomes, heard)
        outcomes._stage.add(lambda _: start_beside())

    def start_beside() -> None:
        if beside.ident is None:
            beside.start()
            beside.join(timeout=0.5)  # it ends after us

    monkeypatch.setattr(SqlOutcomes, "nothing_more_said", checked)
    gate.carry_out(gate.now)
    beside.join()
    carry(gate)

    assert gate.decisions(ring) == ["allow"] * 8


@pytest.mark.parametrize(("taken_back", "says"), [(0, Label.FRAUD), (1, Label.LEGITIMATE), (2, Label.FRAUD)], ids=CODES)
def test_when_one_of_several_verdicts_is_taken_back_reviewers_say_what_the_newest_of_the_others_does(
    gate: Any, people: CaseUseCases, judged: Callable[..., Case], taken_back: int, says: Label
) -> None:
    view = gate.came()
    cases = [judged(view, each) for each in CODES]

    undone(gate, people, cases[taken_back])

    outcome = gate.read(lambda work: work.outcomes.of(gate.number(view)))[-1]
    assert (outcome.said.label, outcome.said.source) == (says, "reviewer")
