"""The trees of a booster, compiled to tables from which one row's margin and exact SHAP values are looked up.

The values are those of XGBoost's ``pred_contribs`` (path-dependent TreeSHAP; Lundberg et al., 2020, algorithm 2),
found another way. For a leaf of value ``v`` whose path tests the distinct features ``1 … d``, let ``o_i`` be 1 when
the row passes every test of feature ``i`` on the path, else 0, and ``z_i`` the share of the training cover that
passes them. The leaf contributes to feature ``i``::

    v (o_i - z_i) ∫₀¹ Π_{j≠i} (o_j t + z_j (1-t)) dt

an integral of a polynomial of degree ``d - 1``, which ``⌈d/2⌉`` Gauss points give exactly. The row enters only
through the outcomes of the tests, and a shallow tree has few tests: so the trees are cut into groups of at most
``TESTS_IN_A_GROUP`` tests, and the integral is taken once, when the model is loaded, for every outcome of a group.
Explaining a row is then one comparison, one bit packing and one table look-up for all groups together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.trees import Step, Tree, UnsupportedTreesError, cover_share, expected_value, intercept_of, on_grid, trees_of

TESTS_IN_A_GROUP = 8
"""The outcomes of a group are packed into one byte. A tree of depth 3 (7 tests) is one group."""

LARGEST_TABLE = 16_000_000
"""Entries: 128 MB. 300 trees of depth 6 need 4.3 million; the shipped 400 trees of depth 3 need 0.4 million."""


@dataclass(frozen=True, slots=True)
class _Group:
    """A subtree with the path that leads to it: few enough tests for one table.

    Attributes:
        leaves: every leaf of the subtree with its whole path from the root of the tree.
        tests: the nodes whose outcomes the group depends on; their order is the order of the bits.
        features: what the tests look at.
    """

    tree: Tree
    leaves: Sequence[tuple[int, tuple[Step, ...]]]
    tests: Sequence[int]
    features: Sequence[int]


def _group_of(tree: Tree, root: int, path: tuple[Step, ...]) -> _Group:
    leaves: list[tuple[int, tuple[Step, ...]]] = []
    waiting = [(root, path)]
    while waiting:
        node, path = waiting.pop()
        if tree.is_leaf(node):
            leaves.append((node, path))
            continue
        waiting.append((tree.right[node], (*path, Step(node, passes_left=False))))
        waiting.append((tree.left[node], (*path, Step(node, passes_left=True))))
    tests = list(dict.fromkeys(test.node for _, path in leaves for test in path))
    return _Group(tree, leaves, tests, sorted({tree.feature[node] for node in tests}))


@dataclass(frozen=True, slots=True)
class TreeTables:
    """The compiled trees. All arrays are read only, so any number of threads may share them.

    Attributes:
        width: how many features a vector has.
        base: the margin that every row starts from: the expected margin of the training rows.
        source: (groups, 8) where in ``[vector, -vector]`` the tested value lies.
        bound: (groups, 8) the outcome bit is ``value < bound``: whether the row leaves the default direction.
            A missing value (NaN) compares false, so it follows the default by itself.
        start: (groups,) the first row of each group in the tables.
        margin: (rows,) what the group adds to ``intercept``, on ``MARGIN_GRID``.
        intercept: the margin before any tree.
        contribution: (rows, features of a group) log-odds.
        feature: (groups * features of a group,) whose contribution it is; ``width`` is padding.
    """

    width: int
    base: float
    source: NDArray[np.intp]
    bound: NDArray[np.float32]
    start: NDArray[np.intp]
    margin: NDArray[np.float64]
    intercept: float
    contribution: NDArray[np.float64]
    feature: NDArray[np.intp]

    def margin_of(self, vector: NDArray[np.float32]) -> float:
        """The log-odds before calibration."""
        return float(self.margin[self._rows(vector)].sum()) + self.intercept

    def contributions_of(self, vector: NDArray[np.float32]) -> tuple[float, NDArray[np.float64]]:
        """The margin and what each feature adds to ``base`` to make it."""
        rows = self._rows(vector)
        weights = self.contribution.take(rows, axis=0).ravel()
        added = np.bincount(self.feature, weights, self.width + 1)[: self.width]
        # Without a tree there is nothing to weigh, and numpy then counts in integers.
        return float(self.margin[rows].sum()) + self.intercept, added.astype(np.float64, copy=False)

    def margins_of(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """``margin_of`` of every row, to the same bits."""
        block = 4096  # rows at a time: 13 MB of outcomes for 400 trees
        parts = [self._block_margins(matrix[at : at + block]) for at in range(0, len(matrix), block)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _rows(self, vector: NDArray[np.float32]) -> NDArray[np.intp]:
        if vector.shape != (self.width,):
            raise ValueError(f"a vector of {self.width} features is needed, not of shape {vector.shape}")
        outcomes = np.concatenate((vector, -vector)).take(self.source) < self.bound
        return np.packbits(outcomes, axis=1, bitorder="little")[:, 0] + self.start

    def _block_margins(self, block: NDArray[np.float32]) -> NDArray[np.float64]:
        if block.ndim != 2 or block.shape[1] != self.width:
            raise ValueError(f"rows of {self.width} features are needed, not of shape {block.shape[1:]}")
        outcomes = np.hstack((block, -block)).take(self.source.ravel(), axis=1) < self.bound.ravel()
        packed = np.packbits(outcomes, axis=1, bitorder="little")
        summed: NDArray[np.float64] = self.margin[packed + self.start].sum(axis=1) + self.intercept
        return summed


def compile_trees(document: Mapping[str, Any], columns: Sequence[int], width: int) -> TreeTables:
    """Compile a booster.

    Args:
        document: what ``Booster.save_raw("json")`` says. (``Any``: it is XGBoost's own schema.)
        columns: for every feature of the booster, its place in the vectors that will be scored.
        width: the length of those vectors.

    Raises:
        UnsupportedTreesError: not binary:logistic over numeric trees, or too deep for the tables.
    """
    learner = document["learner"]
    trees = trees_of(learner)
    groups = [group for tree in trees for group in _groups_of(tree, 0, ())]
    rows = [1 << len(group.tests) for group in groups]
    across = max((len(group.features) for group in groups), default=0)
    if sum(rows) * across > LARGEST_TABLE:
        raise UnsupportedTreesError(f"the trees need tables of {sum(rows) * across} entries, more than {LARGEST_TABLE}")
    start = np.cumsum([0, *rows])[:-1].astype(np.intp)
    source = np.zeros((len(groups), TESTS_IN_A_GROUP), np.intp)
    bound = np.full((len(groups), TESTS_IN_A_GROUP), -np.inf, np.float32)
    feature = np.full((len(groups), across), width, np.intp)
    margin, contribution = np.zeros(sum(rows)), np.zeros((sum(rows), across))
    for at, group in enumerate(groups):
        feature[at, : len(group.features)] = [columns[each] for each in group.features]
        for bit, node in enumerate(group.tests):
            source[at, bit], bound[at, bit] = _outcome(group.tree, node, columns, width)
        here = slice(start[at], start[at] + rows[at])
        _fill(group, margin[here], contribution[here])
    intercept = on_grid(intercept_of(learner))
    expected = intercept + sum(expected_value(tree, 0) for tree in trees)
    arrays = (source, bound, start, margin, contribution, feature)
    for array in arrays:
        array.setflags(write=False)
    return TreeTables(width, expected, source, bound, start, margin, intercept, contribution, feature.ravel())


def _groups_of(tree: Tree, node: int, path: tuple[Step, ...]) -> list[_Group]:
    if len(path) + tree.tests_below(node) <= TESTS_IN_A_GROUP:
        return [_group_of(tree, node, path)]
    if len(path) >= TESTS_IN_A_GROUP:
        raise UnsupportedTreesError(f"a tree is deeper than {TESTS_IN_A_GROUP}")
    return [
        *_groups_of(tree, tree.left[node], (*path, Step(node, passes_left=True))),
        *_groups_of(tree, tree.right[node], (*path, Step(node, passes_left=False))),
    ]


def _outcome(tree: Tree, node: int, columns: Sequence[int], width: int) -> tuple[int, np.float32]:
    """Where the tested value lies and the bound below which the row leaves the default direction.

    XGBoost goes left when ``value < threshold``. Where the default is left, leaving it means
    ``value >= threshold``, which is ``-value < nextafter(-threshold)`` for floats.
    """
    threshold = np.float32(tree.threshold[node])
    column = columns[tree.feature[node]]
    if not tree.default_left[node]:
        return column, threshold
    return column + width, np.nextafter(-threshold, np.float32(np.inf))


def _fill(group: _Group, margin: NDArray[np.float64], contribution: NDArray[np.float64]) -> None:
    """Write the group's margin and contributions for every outcome of its tests."""
    tree, tests, features = group.tree, group.tests, group.features
    outcomes = (np.arange(len(margin))[:, None] >> np.arange(len(tests))) & 1
    went_left = outcomes.astype(bool) ^ np.array([bool(tree.default_left[node]) for node in tests], bool)
    for leaf, path in group.leaves:
        value = on_grid(tree.threshold[leaf])
        passed: dict[int, NDArray[np.bool_]] = {}
        share: dict[int, float] = {}
        for test in path:
            tested = tree.feature[test.node]
            passes = went_left[:, tests.index(test.node)] == test.passes_left
            passed[tested] = passed[tested] & passes if tested in passed else passes
            child = tree.left[test.node] if test.passes_left else tree.right[test.node]
            share[tested] = share.get(tested, 1.0) * cover_share(tree, test.node, child)
        subset = np.zeros(len(margin), np.intp)
        for bit, passes in enumerate(passed.values()):
            subset |= passes.astype(np.intp) << bit
        margin[subset == (1 << len(passed)) - 1] += value
        for each, values in zip(passed, value * _shapley(list(share.values())), strict=True):
            contribution[:, features.index(each)] += values[subset]


def _shapley(zero: Sequence[float]) -> NDArray[np.float64]:
    """The Shapley values of ``Π (1 if feature i is in the subset else zero_i)``, (features, subsets)."""
    points, weights = _gauss_points(len(zero))
    values = np.empty((len(zero), 1 << len(zero)))
    inside = _subsets(len(zero))
    share = np.array(zero)[:, None]
    factor = inside[:, :, None] * points + share[:, :, None] * (1 - points)
    for each in range(len(zero)):
        others = factor[:each].prod(axis=0) * factor[each + 1 :].prod(axis=0)
        values[each] = (inside[each] - zero[each]) * (others @ weights)
    return values


@cache
def _subsets(size: int) -> NDArray[np.float64]:
    """(size, 2 ** size): 1 where the subset of that number holds the feature."""
    return ((np.arange(1 << size) >> np.arange(size)[:, None]) & 1).astype(np.float64)


@cache
def _gauss_points(features: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and weights on [0, 1] that integrate a polynomial of degree ``features - 1`` exactly."""
    points, weights = np.polynomial.legendre.leggauss(features // 2 + 1)
    return (points + 1) / 2, weights / 2
