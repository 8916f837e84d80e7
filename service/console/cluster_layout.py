"""Where the nodes of a cluster's graph lie: computed here, so that the browser only draws, and always the same way."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import rustworkx as rx

Place = tuple[float, float]

_NODE = 44.0
"""Pixels that a node takes up with the room around it."""
_GAP = 60.0
_APART = 24.0
_WORK = 60_000_000
"""Pairs of nodes that the springs may look at: 0.4 s."""
_MOST_ROUNDS, _FEWEST_ROUNDS = 400, 15
_SEED = 7


def places(nodes: int, edges: Sequence[tuple[int, int]]) -> list[Place]:
    """A place for every node: parts that hang together are drawn by springs, and the parts beside each other."""
    graph: rx.PyGraph[int, None] = rx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from_no_data(list(edges))
    parts = sorted((sorted(part) for part in rx.connected_components(graph)), key=lambda part: (-len(part), part))
    drawn = [(part, _part(graph, part)) for part in parts]
    at: list[Place] = [(0.0, 0.0)] * nodes
    for (part, inside), (left, top) in zip(drawn, _beside([_side(len(part)) for part in parts]), strict=True):
        for node, (x, y) in zip(part, inside, strict=True):
            at[node] = (round(left + x, 1), round(top + y, 1))
    return at


def _side(nodes: int) -> float:
    return _NODE * math.sqrt(nodes)


def _part(graph: rx.PyGraph[int, None], part: Sequence[int]) -> list[Place]:
    """The places of one part in a square of its own that begins at nought."""
    side = _side(len(part))
    if len(part) == 1:
        return [(side / 2, side / 2)]
    rounds = max(_FEWEST_ROUNDS, min(_MOST_ROUNDS, _WORK // len(part) ** 2))
    sprung = rx.spring_layout(graph.subgraph(list(part)), num_iter=rounds, seed=_SEED)
    found = [(float(sprung[node][0]), float(sprung[node][1])) for node in range(len(part))]
    left, top = min(x for x, _ in found), min(y for _, y in found)
    wide = max(max(x for x, _ in found) - left, max(y for _, y in found) - top) or 1.0
    return _pushed_apart([((x - left) / wide * side, (y - top) / wide * side) for x, y in found])


def _pushed_apart(found: list[Place]) -> list[Place]:
    """Nodes that lie on each other, moved until each can be seen."""
    at = [[x, y] for x, y in found]
    for _ in range(12):
        cells: dict[tuple[int, int], list[int]] = defaultdict(list)
        for node, (x, y) in enumerate(at):
            cells[int(x // _APART), int(y // _APART)].append(node)
        moved = False
        for node, (x, y) in enumerate(at):
            column, row = int(x // _APART), int(y // _APART)
            near = (other for c in (-1, 0, 1) for r in (-1, 0, 1) for other in cells.get((column + c, row + r), ()))
            for other in near:
                if other <= node:
                    continue
                dx, dy = at[other][0] - at[node][0], at[other][1] - at[node][1]
                distance = math.hypot(dx, dy)
                if distance >= _APART:
                    continue
                if distance < 0.01:
                    angle = 2.4 * other  # any direction, and never the same for two
                    dx, dy, distance = math.cos(angle), math.sin(angle), 1.0
                push = (_APART - min(distance, _APART)) / 2 / distance
                at[node][0] -= dx * push
                at[node][1] -= dy * push
                at[other][0] += dx * push
                at[other][1] += dy * push
                moved = True
        if not moved:
            break
    return [(x, y) for x, y in at]


def _beside(sides: Sequence[float]) -> list[Place]:
    """Squares in rows, largest first."""
    width = max(sides, default=0.0) * 1.05
    width = max(width, 1.6 * math.sqrt(sum((side + _GAP / 2) ** 2 for side in sides)))
    found, left, top, high = [], 0.0, 0.0, 0.0
    for side in sides:
        if left and left + side > width:
            left, top, high = 0.0, top + high + _GAP / 2, 0.0
        found.append((left, top))
        left += side + _GAP / 2
        high = max(high, side)
    return found
