"""Two clusters that may be one operator's: their case tells what they share, and both have it on record."""

from __future__ import annotations

from typing import Any

import pytest

from service.connections import CasesOfWorker
from service.domain.cluster import identifier_of_handle
from service.usecases.case_use_cases import CaseUseCases
from service.usecases.look_back import LookBack
from tests.clusters.looking_back import pools, round_of


def on_record(gate: Any, view: Any) -> Any:
    subject = gate.cluster(view)
    return gate.read(lambda work: work.audit.entries(subject=subject, action="cluster.to_be_reviewed"))


def test_a_case_about_two_clusters_tells_what_they_share_and_is_on_record_of_both(gate: Any) -> None:
    first, second = pools(gate, 3)
    gate.said(first[0])

    round_of(gate)

    (case,) = [case for case in gate.cases.cases.values() if case.reason == "SAME_OPERATOR"]
    shared = case.detail["shared"]
    kinds = [identifier_of_handle(each["identifier"])[0].value for each in shared]
    assert kinds == ["ip", "ip", "cardholder_bin"]
    assert {tuple(each["accounts"]) for each in shared} == {
        (first[0].id, second[0].id),
        (first[2].id, second[2].id),
        (first[0].id, second[1].id),
    }
    told = [on_record(gate, view) for view in (first[0], second[0])]
    assert [len(each) for each in told] == [1, 1]
    assert told[0][0].detail == told[1][0].detail


def test_of_much_that_two_clusters_share_the_strongest_twelve_are_told(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.usecases.look_back.BRIDGES_TOLD", 1)
    first, _ = pools(gate, 3)
    gate.said(first[0])

    round_of(gate)

    (case,) = [case for case in gate.cases.cases.values() if case.reason == "SAME_OPERATOR"]
    assert (case.detail["bridges"], len(case.detail["shared"])) == (3, 1)


def test_what_is_asked_already_is_not_put_on_record_again(gate: Any, desk: CaseUseCases) -> None:
    opens = CasesOfWorker(lambda: gate.policy, gate.new_id, lambda: gate.now)
    gate.look_back = LookBack(gate.store.begin, gate.judge, opens, gate.telling(6))
    first, second = pools(gate, 3)
    for view in first[:2]:
        gate.said(view)
        round_of(gate)

    assert [len(on_record(gate, view)) for view in (first[0], second[0])] == [1, 1]
    del desk
