"""The trees of a booster, read from the document that XGBoost writes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MARGIN_GRID = 2.0**-40
"""Leaf values are rounded to this grid (an error below 1e-9 in all). Their sums are then exact in double precision
up to ±4,096, whatever the order: one row, a batch and another processor give the same bits."""


class UnsupportedTreesError(ValueError):
    """The booster is not a plain binary classifier of shallow trees over numbers."""


@dataclass(frozen=True, slots=True)
class Step:
    """One test on a path, and the way that the path takes."""

    node: int
    passes_left: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree as parallel lists over its nodes, as XGBoost writes them."""

    left: Sequence[int]
    right: Sequence[int]
    feature: Sequence[int]
    threshold: Sequence[float]
    default_left: Sequence[int]
    cover: Sequence[float]

    def is_leaf(self, node: int) -> bool:
        """Whether the node holds a value (in ``threshold``) instead of a test."""
        return self.left[node] == -1

    def tests_below(self, node: int) -> int:
        """The number of tests in the subtree."""
        if self.is_leaf(node):
            return 0
        return 1 + self.tests_below(self.left[node]) + self.tests_below(self.right[node])


def trees_of(learner: Mapping[str, Any]) -> list[Tree]:
    """The trees under ``learner`` of XGBoost's JSON model. (``Any``: it is XGBoost's own schema.)

    Raises:
        UnsupportedTreesError: not binary:logistic over trees of numeric tests with one value a leaf.
    """
    if learner["objective"]["name"] != "binary:logistic" or learner["gradient_booster"]["name"] != "gbtree":
        raise UnsupportedTreesError("only gbtree boosters with the objective binary:logistic can be served")
    trees = []
    for tree in learner["gradient_booster"]["model"]["trees"]:
        if any(tree["split_type"]) or int(tree["tree_param"]["size_leaf_vector"]) > 1:
            raise UnsupportedTreesError("categorical splits and vector leaves cannot be served")
        if min(tree["sum_hessian"]) <= 0:
            raise UnsupportedTreesError("a node that no training row reached cannot be explained")
        trees.append(
            Tree(
                tree["left_children"],
                tree["right_children"],
                tree["split_indices"],
                tree["split_conditions"],
                tree["default_left"],
                tree["sum_hessian"],
            )
        )
    return trees


def intercept_of(learner: Mapping[str, Any]) -> float:
    """The base score as a margin; XGBoost stores a probability, since version 3.1 in brackets."""
    chance = float(str(learner["learner_model_param"]["base_score"]).strip("[]"))
    return float(np.log(chance) - np.log1p(-chance))


def cover_share(tree: Tree, node: int, child: int) -> float:
    """The share of the training rows at the node, by their Hessian, that went on to the child."""
    return float(tree.cover[child]) / float(tree.cover[node])


def expected_value(tree: Tree, node: int) -> float:
    """The mean of the leaves below, weighted by their training cover."""
    if tree.is_leaf(node):
        return on_grid(tree.threshold[node])
    return sum(
        cover_share(tree, node, child) * expected_value(tree, child) for child in (tree.left[node], tree.right[node])
    )


def on_grid(value: float) -> float:
    """The value as XGBoost holds it (single precision), on ``MARGIN_GRID``."""
    return round(float(np.float32(value)) / MARGIN_GRID) * MARGIN_GRID
