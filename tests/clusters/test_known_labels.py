"""Labels from life: what had been said by an instant, as it stood then, from outcomes, containments and proofs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from models.training.guards import CLUSTER_ROWS, guard
from models.training.labels import Grade, LabelRow
from service.usecases.known_labels import CONTAINMENT, KnownLabels


def known(gate: Any, by: datetime | None = None) -> list[LabelRow]:
    return list(KnownLabels(gate.store.begin, lambda: gate.policy)(by=by or gate.now))


def told(rows: list[LabelRow]) -> list[tuple[str, str, str, bool]]:
    return [(row.signup_id, row.label, row.source, row.superseded) for row in rows]


def test_only_what_was_recorded_by_the_cut_off_is_known(gate: Any) -> None:
    one, other = gate.came(), gate.came()
    gate.said(one)
    cut_off = gate.now
    gate.said(other)

    assert told(known(gate, cut_off)) == [(one.id, "fraud", "reviewer", False)]
    assert [row.signup_id for row in known(gate)] == [one.id, other.id]
    assert known(gate, cut_off)[0].known_at == cut_off


def test_a_correction_counts_from_when_it_was_recorded(gate: Any) -> None:
    view = gate.came()
    gate.said(view, "fraud")
    before = gate.now
    gate.said(view, "legitimate")
    corrected = gate.now
    gate.said(view, "unknown")

    assert told(known(gate, before)) == [(view.id, "fraud", "reviewer", False)]
    assert told(known(gate, corrected)) == [
        (view.id, "fraud", "reviewer", True),
        (view.id, "legitimate", "reviewer", False),
    ]
    assert [row.superseded for row in known(gate)] == [True, True], "a withdrawn outcome leaves nothing to learn from"


def test_of_two_sources_that_know_equally_well_the_policy_says_whose_word_counts(gate: Any) -> None:
    view = gate.came()
    gate.said(view, "legitimate", source="reviewer")
    gate.said(view, "fraud", source="traffic_classifier")

    found = guard(known(gate)).labels[view.id]

    assert (found.label, found.source, found.grade) == ("legitimate", "reviewer", Grade.EVIDENCED)


@pytest.mark.parametrize(("source", "grade"), [("law", "A"), ("reviewer", "B"), ("chargeback", "C"), ("somebody", "C")])
def test_a_source_that_does_not_say_how_well_it_knows_is_graded(memory_gate: Any, source: str, grade: str) -> None:
    memory_gate.said(memory_gate.came(), source=source)

    assert [row.grade.value for row in known(memory_gate)] == [grade]


def test_labels_carry_the_institution_and_network_that_a_flood_would_share(memory_gate: Any) -> None:
    gate = memory_gate
    for view in [gate.came(school="Ecole Invente", ip="81.2.69.142") for _ in range(2)]:
        gate.said(view)

    one, other = known(gate)

    assert set(one.keys) == {"institution", "network"}
    assert one.keys == other.keys


def test_a_contained_cluster_teaches_twenty_rows_at_most_and_is_forgotten_when_released(gate: Any) -> None:
    ring = gate.ring(30, frauds=3)
    before = gate.now
    gate.work()

    rows = [row for row in known(gate) if row.source == CONTAINMENT]
    guarded = guard(known(gate))

    assert [row.signup_id for row in rows] == [view.id for view in ring[:27]], "those spoken of are labelled themselves"
    assert {(row.grade, row.label) for row in rows} == {(Grade.CONTAINED, "fraud")}
    assert sum(row.source == CONTAINMENT for row in guarded.labels.values()) == CLUSTER_ROWS
    assert len(guarded.doubted) == 27 - CLUSTER_ROWS, "the rest is not known to be honest either"
    assert CONTAINMENT not in {row.source for row in known(gate, before)}
    gate.later(seconds=1)
    gate.clusters.contain.release(gate.cluster(ring[0]), owner="campus", by="key:x", reason="mistake", now=gate.now)
    assert CONTAINMENT not in {row.source for row in known(gate)}


def test_what_stood_is_said_for_figures(gate: Any) -> None:
    one, other, third = gate.came(), gate.came(), gate.came()
    gate.said(one)
    gate.said(other, "legitimate")
    gate.said(third)
    gate.said(third, "unknown")
    labels = KnownLabels(gate.store.begin, lambda: gate.policy)

    said = labels.said(gate.now)

    assert said is not None
    with gate.store.begin() as work:
        judged = {each.signup_id: said(each) for each in work.judgements.sample(
            recorded_from=gate.now - timedelta(days=1), recorded_before=gate.now + timedelta(days=1), most=10
        )}  # fmt: skip
    assert [judged[view.signup_id] for view in (one, other, third)] == [1, 0, None]
    assert labels.said(gate.now - timedelta(days=1)) is None
