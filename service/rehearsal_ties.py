"""Ties of a rehearsed operator: which of his accounts share anything at all, and what his clusters are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import rustworkx as rx


@dataclass(frozen=True, slots=True)
class Ties:
    """What clusters can know of an operator, and what they do.

    Attributes:
        tied: share of his accounts that share a value which ties by itself with another of them (mailbox, telephone,
            device or payment instrument, as they were sent): hardly more can be found by identifiers.
        recall: of these, the share that lies in one cluster with most of those whom values tie it to, over any number
            of accounts between; ``None`` without any.
        honest: share of honest accounts in the clusters that hold two or more who are tied to each other; ``None``
            without any.
    """

    tied: float
    recall: float | None
    honest: float | None


def ties_of(
    values: Mapping[int, Collection[str]],
    cluster_of: Mapping[int, int | None],
    *,
    members: Callable[[int], Collection[int]],
    fraudulent: Callable[[int], bool],
) -> Ties:
    """Compare the clusters with what the values of his accounts tie.

    Args:
        values: of every account of his, by number, the values that tie it by themselves.
        cluster_of: the cluster of each of them.
        members: the numbers of everybody in a cluster.
        fraudulent: whether an account is, in truth.
    """
    groups = [group for group in _groups(values) if len(group) > 1]
    tied, together, shared = sum(map(len, groups)), 0, set[int]()
    for group in groups:
        counts = Counter(cluster_of[number] for number in group)
        del counts[None]
        together += max(counts.values(), default=0)
        shared |= {cluster for cluster, count in counts.items() if cluster is not None and count > 1}
    everybody = [number for cluster in shared for number in members(cluster)]
    return Ties(
        tied=tied / len(values) if values else 0.0,
        recall=together / tied if tied else None,
        honest=sum(not fraudulent(number) for number in everybody) / len(everybody) if everybody else None,
    )


def _groups(values: Mapping[int, Collection[str]]) -> list[list[int]]:
    """The accounts, those together that are tied through any number of others."""
    graph: rx.PyGraph[int | None, None] = rx.PyGraph(multigraph=False)
    of_account = {number: graph.add_node(number) for number in values}
    of_value: dict[str, int] = {}
    for number, carried in values.items():
        for value in carried:
            if value not in of_value:
                of_value[value] = graph.add_node(None)
            graph.add_edge(of_account[number], of_value[value], None)
    parts = ([graph[node] for node in part] for part in rx.connected_components(graph))
    return [[each for each in part if each is not None] for part in parts]
