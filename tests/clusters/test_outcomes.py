"""Outcomes: whose word stands, what it marks, and that a correction undoes exactly what was done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from models.linkage.marks import Mark
from service.connections import VerdictsSpeak
from service.domain.caller import Caller, Scope
from service.domain.errors import ConflictError, NotFoundError
from service.domain.outcome import Label, Outcome, Statement, mark_of, standing_of
from service.domain.verdict import Verdict
from service.usecases import record_outcome
from service.usecases.decide_by_person import VerdictOutcome
from service.usecases.record_outcome import record_result

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRECEDENCE = ("reviewer", "chargeback")
F, L, U = Label.FRAUD, Label.LEGITIMATE, Label.UNKNOWN


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ([], None),
        ([("chargeback", F)], F),
        ([("chargeback", F), ("reviewer", L)], L),
        ([("reviewer", L), ("chargeback", F)], L),
        ([("reviewer", L), ("chargeback", F), ("reviewer", U)], F),
        ([("reviewer", L), ("reviewer", F)], F),
        ([("anybody", F), ("somebody", L)], L),
        ([("anybody", F), ("chargeback", U)], F),
        ([("chargeback", F), ("chargeback", U)], None),
    ],
)
def test_the_newest_word_of_the_source_that_comes_first_stands(
    said: list[tuple[str, Label]], label: Label | None
) -> None:
    outcomes = [
        Outcome(f"o{at}", 1, at, Statement(each, source, "seen", 1.0, NOON), NOON, "key:k")
        for at, (source, each) in enumerate(said, start=1)
    ]

    standing = standing_of(outcomes, PRECEDENCE)

    assert (None if standing is None else standing.said.label) is label


def test_a_verdict_is_recorded_however_many_outcomes_callers_recorded(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_outcome, "MOST_OUTCOMES", 2)
    view = gate.came()
    for source in ("one", "two"):
        gate.said(view, source=source)
    with pytest.raises(ConflictError, match="This sign-up has 2 outcomes"):
        gate.said(view, source="three")
    recorded = gate.read(lambda work: work.ledger.get("campus", view.id))
    verdict = VerdictOutcome("c", recorded, Verdict.APPROVE, "FALSE_ALARM", "reviewer:dana", gate.now)

    with gate.store.begin() as work:
        VerdictsSpeak(lambda: gate.policy, gate.new_id)(work, verdict)
        work.commit()

    outcomes = gate.read(lambda work: work.outcomes.of(gate.number(view)))
    assert [each.said.source for each in outcomes] == ["one", "two", "reviewer"]


@pytest.mark.parametrize(
    ("label", "confidence", "mark"),
    [(F, 0.9, Mark.BANNED), (F, 0.89, None), (L, 0.9, Mark.GOOD), (L, 0.5, None)],
)
def test_only_what_is_certain_marks(label: Label, confidence: float, mark: Mark | None) -> None:
    outcome = Outcome("o", 1, 1, Statement(label, "reviewer", "seen", confidence), NOON, "key:k")

    assert mark_of(outcome, certain=0.9) is mark


def test_fraud_marks_every_identifier_and_the_next_sign_up_touches_it(gate: Any) -> None:
    banned = gate.came(device="d", card="c")

    gate.said(banned)

    view = gate.came(device="d", card="c")
    linkage = view.assessment.linkage
    assert (linkage["bans"]["strong_kinds"], linkage["bans"]["strong"]) == (2, 1)
    assert linkage["cluster"]["frauds"] == 1


@pytest.mark.parametrize("correction", ["legitimate", "unknown"])
def test_a_correction_undoes_exactly_what_was_done(gate: Any, correction: str) -> None:
    before, other = gate.came(device="d"), gate.came(phone="+33612345678")
    gate.said(other)
    marked_before = gate.came(device="d").assessment.linkage
    gate.said(before)
    gate.said(before, correction)

    after = gate.came(device="d").assessment.linkage

    assert after["bans"] == marked_before["bans"]
    assert after["cluster"]["frauds"] == 0
    assert after["cluster"]["good_accounts"] == (correction == "legitimate")
    assert gate.came(phone="+33612345678").assessment.linkage["bans"]["strong"] == 1


def test_nothing_is_overwritten_and_contradictions_are_both_kept(gate: Any) -> None:
    view = gate.came()
    gate.said(view, "fraud", "chargeback")
    gate.said(view, "legitimate", "reviewer")
    spoken = gate.said(view, "fraud", "partner")

    kept = gate.read(lambda work: work.outcomes.of(gate.number(view)))

    assert [(each.said.label, each.said.source) for each in kept] == [
        (F, "chargeback"),
        (L, "reviewer"),
        (F, "partner"),
    ]
    assert spoken.standing.said.label is L
    assert gate.read(lambda work: work.clusters.member(gate.number(view)).label) is Mark.GOOD


def test_the_same_word_again_changes_nothing(gate: Any) -> None:
    view = gate.came()
    first, again = gate.said(view), gate.said(view)

    assert (first.new, again.new, again.outcome.id) == (True, False, first.outcome.id)
    assert len(gate.read(lambda work: work.outcomes.of(gate.number(view)))) == 1


def test_many_changes_of_mind_in_one_instant_end_as_the_last_says(gate: Any) -> None:
    view = gate.came(device="d")
    caller = Caller("campus", "k1", frozenset(Scope))
    for label in (F, L, F, U, F):
        gate.outcomes(view.id, Statement(label, "reviewer", "seen", 1.0), caller=caller, now=gate.now)

    assert gate.came(device="d").assessment.linkage["bans"]["strong"] == 1


def test_an_outcome_leaves_an_audit_entry_without_personal_data(gate: Any) -> None:
    view = gate.came()
    spoken = gate.said(view)

    entry = gate.read(lambda work: work.audit.entries(subject=view.id))[0]

    assert (entry.action, entry.actor) == ("outcome.recorded", "key:k1")
    assert entry.detail == {
        "outcome": spoken.outcome.id,
        "label": "fraud",
        "source": "reviewer",
        "stands": spoken.outcome.id,
    }


def test_a_sign_up_is_named_by_the_callers_id_too_and_others_are_unknown(gate: Any) -> None:
    view = gate.came()
    said = Statement(F, "reviewer", "seen", 1.0)
    by_own = gate.outcomes(view.signup_id, said, caller=Caller("campus", "k", frozenset()), now=gate.now)

    assert by_own.signup.id == view.id
    with pytest.raises(NotFoundError):
        gate.outcomes(view.id, said, caller=Caller("another", "k", frozenset()), now=gate.now)


def test_outcomes_of_one_sign_up_at_once_are_all_kept_and_marked_once(gate: Any) -> None:
    view, threads = gate.came(device="d"), 4
    caller = Caller("campus", "k1", frozenset(Scope))

    def say(number: int) -> None:
        said = Statement(F if number % 2 else L, f"source{number}", "seen", 1.0)
        gate.outcomes(view.id, said, caller=caller, now=gate.now)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(say, range(threads)))

    kept = gate.read(lambda work: work.outcomes.of(gate.number(view)))
    standing = standing_of(kept, PRECEDENCE)
    assert [each.ordinal for each in kept] == [1, 2, 3, 4]
    assert standing is not None
    expected = mark_of(standing, certain=0.9)
    assert gate.read(lambda work: work.clusters.member(gate.number(view)).label) is expected
    bans = gate.came(device="d").assessment.linkage["bans"]["strong"]
    assert bans == (expected is Mark.BANNED)


def test_results_of_challenges_are_read_on_the_identifiers(gate: Any) -> None:
    passed, failed = gate.came(device="d"), gate.came(device="d")
    with gate.store.begin() as work:
        record_result(work, gate.number(passed), passed=True, at=gate.now)
        record_result(work, gate.number(failed), passed=False, at=gate.now)
        work.commit()

    device = gate.came(device="d").assessment.linkage["device"]

    assert (device["challenges_passed"], device["challenges_failed"]) == (1, 1)


def test_what_a_source_says_survives_a_policy_that_orders_them_otherwise(gate: Any) -> None:
    """Marks follow the policy in force at the next word, whatever it was before."""
    view = gate.came(device="d")
    gate.said(view, "legitimate", "reviewer")
    lines = gate.policy.document.clusters.outcomes.model_copy(update={"precedence": ("chargeback",)})
    clusters = gate.policy.document.clusters.model_copy(update={"outcomes": lines})
    object.__setattr__(gate.policy, "document", gate.policy.document.model_copy(update={"clusters": clusters}))
    gate.said(view, "fraud", "chargeback")

    member = gate.read(lambda work: work.clusters.member(gate.number(view)))
    device = gate.came(device="d").assessment.linkage["device"]

    assert member.label is Mark.BANNED
    assert (device["banned"], device["good_accounts"]) == (1, 0)
