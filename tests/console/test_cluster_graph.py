"""The graph of a cluster as the script gets it: whole up to 2,000 nodes, by identifier beyond; and its timeline."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from models.linkage.identifier import IdentifierKind
from models.linkage.marks import Mark
from service.console.cluster_graph import EXPANDED, expansion, graph_document
from service.console.cluster_layout import places
from service.console.timeline import MOST_BARS, drawn, stretch_words, timeline
from service.usecases.cluster_file import ClusterGraph, GraphAccount
from service.usecases.ports_cluster_list import Moment

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DEVICE = IdentifierKind.DEVICE


def device(number: int) -> str:
    return f"device_{number:08x}"


def graph_of(accounts: int, *, a_device: int = 4, shared: int = 1) -> ClusterGraph:
    """Accounts in a chain of devices: each carries one, and ``shared`` of every ``a_device`` the next one too."""
    ties: dict[Any, list[int]] = {}
    for number in range(accounts):
        place = number // a_device
        ties.setdefault(((DEVICE, device(place)),), []).append(number)
        if number % a_device < shared:
            ties.setdefault(((DEVICE, device(place + 1)),), []).append(number)
    known = {0: Mark.BANNED, 1: Mark.GOOD}
    return ClusterGraph(
        {
            number: GraphAccount(f"id-{number}", f"su_{number}", known.get(number), "review")
            for number in range(accounts)
        },
        {name: numbers for name, numbers in ties.items() if len(numbers) > 1},
    )


def test_a_cluster_of_2_000_nodes_is_drawn_whole() -> None:
    graph = graph_of(1_600)

    document = graph_document(graph)

    assert len(document["nodes"]) == len(graph.accounts) + len(graph.ties) == 2_000
    assert (document["summarised"], document["left_out"]) == (False, 0)
    by_id = {node["id"]: node for node in document["nodes"]}
    assert (by_id["a0"]["known"], by_id["a1"]["known"], by_id["a2"]["known"]) == ("fraud", "good", None)
    assert by_id[device(0)] | {"x": 0, "y": 0} == {
        "id": device(0), "label": "device", "kind": "strong", "count": 4, "frauds": 1, "x": 0, "y": 0,
    }  # fmt: skip
    assert len(document["edges"]) == sum(map(len, graph.ties.values()))


def test_a_cluster_of_2_500_nodes_is_one_node_an_identifier_with_its_count() -> None:
    graph = graph_of(2_000)
    assert len(graph.accounts) + len(graph.ties) == 2_500

    document = graph_document(graph)

    assert document["summarised"] is True
    assert len(document["nodes"]) + document["left_out"] == len(graph.ties)
    assert all(node["count"] in (4, 5) for node in document["nodes"])
    assert document["edges"]
    assert all(edge["count"] == 1 for edge in document["edges"])


def test_an_identifier_of_a_summary_is_expanded_to_its_newest_accounts() -> None:
    graph = graph_of(2_400, a_device=600)

    expanded = expansion(graph, device(1))

    carriers = graph.ties[((DEVICE, device(1)),)]
    assert len(expanded["nodes"]) == EXPANDED
    assert expanded["left_out"] == len(carriers) - EXPANDED
    assert expanded["nodes"][0]["id"] == f"a{max(carriers)}"
    assert {edge["source"] for edge in expanded["edges"]} == {device(1)}
    assert expansion(graph, "device_ffffffff")["nodes"] == []


def distances(at: Sequence[tuple[float, float]]) -> list[float]:
    return [math.dist(one, other) for one, other in combinations(at, 2)]


@pytest.mark.parametrize("nodes", [1, 2, 40, 300])
def test_every_node_has_a_place_of_its_own_and_always_the_same(nodes: int) -> None:
    edges = [(node, node // 2) for node in range(1, nodes)]

    at = places(nodes, edges)

    assert at == places(nodes, edges)
    assert all(math.isfinite(value) for place in at for value in place)
    assert min(distances(at), default=99) > 10


def test_parts_that_hang_apart_are_drawn_apart() -> None:
    edges = [(0, 1), (1, 2), (3, 4), (4, 5)]
    at = places(8, edges)

    within = [math.dist(at[0], at[1]), math.dist(at[3], at[4])]
    between = [math.dist(at[one], at[other]) for one in (0, 1, 2) for other in (3, 4, 5, 6, 7)]

    assert min(between) > min(within)
    assert min(distances(at)) > 10


def moments(*minutes: float, banned: Sequence[float] = ()) -> list[Moment]:
    came = [Moment(NOON + timedelta(minutes=each), None, None) for each in minutes]
    return came + [Moment(NOON, Mark.BANNED, NOON + timedelta(minutes=each)) for each in banned]


@pytest.mark.parametrize(
    ("last_minute", "words"),
    [(0, "minute"), (40, "minute"), (200, "5 minutes"), (60 * 40, "hour"), (1440 * 400, "30 days")],
)
def test_a_timeline_has_few_bars_whatever_it_spans(last_minute: int, words: str) -> None:
    line = timeline(moments(0, last_minute))

    assert line is not None
    assert stretch_words(line.length) == words
    assert len(line.stretches) <= MOST_BARS
    assert sum(each.signups for each in line.stretches) == 2


def test_a_timeline_counts_sign_ups_and_bans_each_in_their_own_time() -> None:
    line = timeline(moments(0.5, 0.7, 5.2, banned=(5.5, 5.6)))

    assert line is not None
    assert [(each.signups, each.bans) for each in line.stretches] == [(4, 0)] + [(0, 0)] * 4 + [(1, 2)]
    assert [each.start for each in line.stretches] == [NOON + timedelta(minutes=each) for each in range(6)]
    told = drawn(line, now=NOON + timedelta(hours=1))
    assert "5 sign-ups above the line and 2 bans below it, by minute" in told
    assert told.count('class="banned"') == 1
    assert timeline([]) is None


def test_both_sides_of_a_timeline_have_one_scale() -> None:
    line = timeline(moments(*([0.5] * 40), 3.5, banned=(3.2,) * 10))
    assert line is not None

    told = drawn(line, now=NOON + timedelta(hours=1))

    tall = {kind: float(height) for kind, height in re.findall(r'class="(came|banned)"[^>]*height="([\d.]+)"', told)}
    first = float(re.findall(r'class="came"[^>]*height="([\d.]+)"', told)[0])
    assert first / tall["banned"] == pytest.approx(50 / 10, rel=0.01)
    assert "ago: 1 sign-up, 10 bans" in told
