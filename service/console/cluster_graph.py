"""The graph of a cluster for the page's script: accounts and what ties them, or what ties alone when there are many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Any  # a graph document is JSON

from models.linkage.identifier import IdentifierKind, Strength, strength_of
from models.linkage.marks import Mark
from service.console.cluster_layout import places
from service.console.cluster_words import kind_words
from service.console.plain_text import told
from service.usecases.cluster_file import ClusterGraph, GraphAccount

MOST_NODES = 2_000
"""Drawn smoothly; beyond it each identifier is one node that says how many accounts carry it."""
MOST_TIES = 400
"""Identifiers of a summary, those that tie most first."""
EXPANDED = 150
"""Accounts that one identifier of a summary is expanded to, the newest first."""

_LABELS = {Mark.BANNED: "fraud", Mark.GOOD: "good"}

TieName = tuple[tuple[IdentifierKind, str], ...]


def graph_document(graph: ClusterGraph) -> dict[str, Any]:
    """Nodes with their places, and edges. Labels are ids and kinds, never what a person typed."""
    if len(graph.accounts) + len(graph.ties) > MOST_NODES:
        return _summary(graph)
    nodes = [_tie(name, numbers, graph) for name, numbers in graph.ties.items()]
    nodes += [_account(number, account) for number, account in graph.accounts.items()]
    edges = [(_id_of(name), f"a{number}") for name, numbers in graph.ties.items() for number in numbers]
    return _document(nodes, [(source, target, 1) for source, target in edges], summarised=False, left_out=0)


def expansion(graph: ClusterGraph, tie_id: str) -> dict[str, Any]:
    """The accounts of one identifier, and everything of a summary that each of them carries."""
    drawn = _widest(graph)
    numbers = next((numbers for name, numbers in drawn if _id_of(name) == tie_id), ())
    shown = sorted(numbers, reverse=True)[:EXPANDED]
    carried = defaultdict(list)
    for name, tied in drawn:
        for number in tied:
            carried[number].append(_id_of(name))
    return {
        "nodes": [_account(number, graph.accounts[number]) for number in shown],
        "edges": [{"source": tie, "target": f"a{number}"} for number in shown for tie in carried[number]],
        "left_out": len(numbers) - len(shown),
    }


def _summary(graph: ClusterGraph) -> dict[str, Any]:
    drawn = _widest(graph)
    carried = defaultdict(list)
    for name, numbers in drawn:
        for number in numbers:
            carried[number].append(_id_of(name))
    common = Counter(pair for ties in carried.values() for pair in combinations(sorted(ties), 2))
    nodes = [_tie(name, numbers, graph) for name, numbers in drawn]
    edges = [(source, target, count) for (source, target), count in common.items()]
    return _document(nodes, edges, summarised=True, left_out=len(graph.ties) - len(drawn))


def _widest(graph: ClusterGraph) -> list[tuple[TieName, Sequence[int]]]:
    return sorted(graph.ties.items(), key=lambda each: (-len(each[1]), each[0]))[:MOST_TIES]


def _document(
    nodes: list[dict[str, Any]], edges: Sequence[tuple[str, str, int]], *, summarised: bool, left_out: int
) -> dict[str, Any]:
    number_of = {node["id"]: number for number, node in enumerate(nodes)}
    at = places(len(nodes), [(number_of[source], number_of[target]) for source, target, _ in edges])
    return {
        "summarised": summarised,
        "left_out": left_out,
        "nodes": [node | {"x": x, "y": y} for node, (x, y) in zip(nodes, at, strict=True)],
        "edges": [{"source": source, "target": target, "count": count} for source, target, count in edges],
    }


def _id_of(name: TieName) -> str:
    return "+".join(handle for _, handle in name)


def _tie(name: TieName, numbers: Sequence[int], graph: ClusterGraph) -> dict[str, Any]:
    strong = strength_of(name[0][0]) is Strength.STRONG
    return {
        "id": _id_of(name),
        "label": " + ".join(kind_words(kind) for kind, _ in name),
        "kind": "strong" if strong else "medium",
        "count": len(numbers),
        "frauds": sum(graph.accounts[number].label is Mark.BANNED for number in numbers),
    }


def _account(number: int, account: GraphAccount) -> dict[str, Any]:
    return {
        "id": f"a{number}",
        "label": told(account.signup_id, 24),
        "kind": account.decision or "recorded",
        "known": _LABELS.get(account.label) if account.label is not None else None,
        "href": f"/console/signups/{account.id}" if account.id else None,
    }
