"""Where the nodes of a cluster's graph lie: computed here, so that the browser only draws, and always the same way."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import rustworkx as rx

Place = tuple[float, float]

_NODE = 50.0
"""Pixels that a node takes up with the room around it."""
_WIDER = 1.3
"""Pages are wider than high: parts are that much wider than a square, and lower."""
_GAP = 60.0
_APART = 30.0
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
        return [(side / 2 * _WIDER, side / 2 / _WIDER)]
    rounds = max(_FEWEST_ROUNDS, min(_MOST_ROUNDS, _WORK // len(part) ** 2))
    sprung = rx.spring_layout(graph.subgraph(list(part)), num_iter=rounds, seed=_SEED)
    found = [(float(sprung[node][0]), float(sprung[node][1])) for node in range(len(part))]
    left, top = min(x for x, _ in found), min(y for _, y in found)
    wide, high = (max(x for x, _ in found) - left) or 1.0, (max(y for _, y in found) - top) or 1.0
    return _pushed_apart([((x - left) / wide * side * _WIDER, (y - top) / high * side / _WIDER) for x, y in found])


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
    """Where the parts go: in rows, largest first."""
    room = [(side * _WIDER + _GAP, side / _WIDER + _GAP) for side in sides]
    width = max((wide for wide, _ in room), default=0.0)
    width = max(width, 1.6 * math.sqrt(sum(wide * high for wide, high in room)))
    found, left, top, row = [], 0.0, 0.0, 0.0
    for wide, high in room:
        if left and left + wide > width:
            left, top, row = 0.0, top + row, 0.0
        found.append((left, top))
        left += wide
        row = max(row, high)
    return found
