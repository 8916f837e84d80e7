"""Doubt: failed proofs, and accounts that are doubtful by themselves, stand in for labels, which are days late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.features.catalogue import FEATURES
from models.registry import load_active
from service.domain.containment import Looked
from service.domain.event import EventType
from service.domain.policy import Policy
from service.usecases.doubt_alone import REMEMBERED_S, DoubtAlone


def test_one_fraud_contains_a_ring_that_failed_its_proofs(gate: Any) -> None:
    ring = gate.ring(8)
    for view in ring[:5]:
        gate.proven(view, passed=False)
    gate.work()
    (case,) = gate.cases.cases.values()
    assert case.reason == "PIECE_IN_DOUBT"
    assert case.note.startswith("A piece of 8 accounts, of which 5 gave no proof when they were asked for one. ")
    assert gate.decisions(ring) == ["allow"] * 8

    gate.said(ring[7])
    gate.work()

    assert gate.decisions(ring) == ["deny"] * 8
    (containment,) = gate.read(lambda work: work.containments.of_cluster(gate.number(ring[0])))
    assert containment.reason == "FRAUD_AMONG_DOUBTED"


def test_whoever_passes_at_last_is_not_doubted(gate: Any) -> None:
    ring = gate.ring(8, frauds=1)
    for view in ring[:5]:
        gate.proven(view, passed=False)
    gate.proven(ring[0], passed=True)

    gate.work()

    # Four doubted ones are too few to contain a piece with one fraud: those are asked whom nothing ties to the ban.
    assert gate.decisions(ring[:7]) == ["allow"] + ["step_up"] * 5 + ["allow"]


@pytest.mark.parametrize(("doubtful", "contained"), [(6, True), (5, False)])
def test_one_fraud_contains_a_ring_most_of_which_is_doubtful_by_itself(
    with_policy: Callable[..., Any], tmp_path: Path, doubtful: int, contained: bool
) -> None:
    gate = with_policy(("step_up = 0.15\nreview = 0.35", "step_up = 0.99\nreview = 0.999"))
    model = load_active(tmp_path, catalogue=[feature.name for feature in FEATURES])
    doubt = DoubtAlone(replace(gate.judge, model=lambda: model))
    gate.judge_clusters = replace(gate.judge_clusters, doubt=doubt)
    ring = [
        gate.came(
            device=f"d{at // 2}", card=f"c{(at + 1) // 2 % 6}", mail=f"m{at}@mailinator.com" if at < doubtful else None
        )
        for at in range(12)
    ]
    gate.said(ring[11])

    gate.work()

    assert gate.decisions(ring[:11]).count("deny") == (11 if contained else 0)


def test_a_laboratory_that_is_held_for_one_mistaken_ban_is_not_contained(gate: Any) -> None:
    laboratory = [gate.came(device="bench", card="pi") for _ in range(6)]
    gate.said(laboratory[0])
    late = [gate.came(device="bench", card="pi") for _ in range(8)]
    assert "allow" not in gate.decisions(late)

    gate.work()

    assert gate.decisions(laboratory[1:]) == ["allow"] * 5
    assert [case.reason for case in gate.cases.cases.values()] == ["PIECE_WITH_FRAUD"]


@pytest.mark.parametrize(
    ("frauds", "failed", "due"),
    [(0, 4, False), (0, 5, True), (1, 0, True), (1, 21, False), (1, 22, True), (2, 20, True)],
)
def test_a_cluster_is_due_with_enough_failed_proofs_and_again_with_a_tenth_more(
    frauds: int, failed: int, due: bool
) -> None:
    judged = Looked(1, frauds=1, newest_fraud_us=1, size=50, failed=20) if failed > 5 else None
    looked = Looked(1, frauds=frauds, newest_fraud_us=frauds, size=50, failed=failed)

    assert looked.is_due_after(judged, judged_from=20, failed_from=5) is due
    if not frauds:
        assert not looked.is_due_after(judged, judged_from=20, failed_from=0)


@pytest.mark.parametrize("doubtful", [True, False])
def test_a_branch_is_asked_with_the_account_that_it_hangs_by_where_it_is_doubted(gate: Any, doubtful: bool) -> None:
    branch = [gate.came(device="r-d0" if number == 0 else None, card="pi") for number in range(6)]
    if doubtful:
        gate.proven(branch[1], passed=False)
        gate.proven(branch[2], passed=False)
    gate.said(branch[4], "legitimate")
    gate.proven(branch[5], passed=True)
    gate.ring(8, frauds=3)

    gate.work()

    assert gate.decisions(branch) == ["step_up"] + ["step_up" if doubtful else "allow"] * 3 + ["allow"] * 2
    told = gate.read(lambda work: work.events.of_subject(branch[3].id))
    assert [each.data["role"] for each in told if each.type is EventType.ACCOUNT_REASSESS] == ["leaf"] * doubtful

    gate.later(seconds=1)
    gate.clusters.contain.release(
        gate.cluster(branch[0]), owner="campus", by="key:somebody", reason="mistake", now=gate.now
    )
    gate.work()

    assert gate.decisions(branch) == ["allow"] * 6


def test_who_was_judged_alone_is_remembered_until_the_policy_changes_or_it_is_long_ago(
    gate: Any, tmp_path: Path
) -> None:
    model = load_active(tmp_path, catalogue=[feature.name for feature in FEATURES])
    judged, clock = [], [0.0]
    policies = [gate.judge.policy()]
    judge = replace(
        gate.judge,
        model=lambda: model,
        policy=lambda: policies[-1],
        lists=lambda _, now: judged.append(now) or (),
    )
    doubt = DoubtAlone(judge, monotonic=lambda: clock[-1])
    numbers = [gate.number(view) for view in gate.ring(6)]

    def asked() -> tuple[int, dict[int, bool]]:
        judged.clear()
        with gate.store.begin() as work:
            found = doubt(work, numbers)
        return len(judged), dict(found)

    times, first = asked()
    assert (times, sorted(first)) == (6, sorted(numbers))
    assert asked() == (0, first)

    clock.append(REMEMBERED_S)
    assert asked() == (6, first)

    policies.append(Policy(policies[-1].document, policies[-1].version + 1))
    assert asked()[0] == 6
