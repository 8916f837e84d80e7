"""A sign-up that is read names its cluster as it is then, in the numbers of the first answer."""

from __future__ import annotations

from typing import Any

import pytest

from models.linkage import velocity
from service.storage.memory import cluster_reads as in_memory
from service.storage.sql import cluster_reads as in_sql
from service.usecases.learn_identifiers import LearntKind
from service.usecases.read_signup import ReadSignup
from service.usecases.views import ClusterView
from tests.clusters.conftest import CALLER
from tests.clusters.releasing import learns


def read(gate: Any, view: Any) -> ClusterView | None:
    return ReadSignup(gate.store.begin, lambda: None)(view.id, caller=CALLER).current.cluster


def test_a_member_reads_what_the_newest_was_answered(gate: Any) -> None:
    first = gate.came(device="d")
    gate.said(first)
    newest = gate.came(device="d")

    assert read(gate, first) == read(gate, newest) == newest.cluster
    assert newest.cluster == ClusterView(gate.cluster(first), size=2, confirmed_fraud=1)


def test_who_is_alone_reads_none_until_somebody_comes(gate: Any) -> None:
    first = gate.came(device="d")
    assert read(gate, first) is first.cluster is None

    gate.came(device="d")

    assert read(gate, first) == ClusterView(gate.cluster(first), size=2, confirmed_fraud=0)


def test_a_cluster_that_became_part_of_another_is_named_as_that(gate: Any) -> None:
    ring = gate.ring(6)
    pair = [gate.came(device="d") for _ in range(2)]

    learns(gate, pair[0], LearntKind.DEVICE_ID, "r-d0")

    assert read(gate, pair[1]) == read(gate, ring[0]) == ClusterView(gate.cluster(ring[0]), size=8, confirmed_fraud=0)


def test_a_large_cluster_is_counted_no_further_than_the_first_answer_counts(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (in_memory, in_sql):
        assert module.SATURATION == velocity.SATURATION
        monkeypatch.setattr(module, "SATURATION", 3)

    members = [gate.came(device="d") for _ in range(6)]

    cluster = read(gate, members[0])
    assert cluster is not None
    assert cluster.size == 4


def test_over_http_the_read_names_what_the_answer_named(http: Any) -> None:
    http.sign_up(9_100, device="of two")
    answer = http.sign_up(9_101, device="of two")

    read_again = http.call("GET", f"/v1/signups/{answer['id']}").get_json()

    assert answer["cluster"]["size"] == 2
    assert read_again["cluster"] == answer["cluster"]
