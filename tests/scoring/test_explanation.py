"""The tables say what XGBoost says: margins and exact contributions."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.explanation import TreeTables, compile_trees
from models.trees import UnsupportedTreesError

WIDTH = 12


def tables_of(booster: xgboost.Booster) -> TreeTables:
    return compile_trees(json.loads(bytes(booster.save_raw("json"))), range(WIDTH), WIDTH)


MODELS = [
    pytest.param({"depth": depth, "trees": 25, "seed": depth}, id=f"depth {depth}") for depth in (1, 2, 3, 4, 5, 6)
] + [
    pytest.param({"monotone_constraints": "(1,-1,0,1,0,0,0,0,0,0,0,0)"}, id="monotone constraints"),
    pytest.param({"tree_method": "exact", "min_child_weight": 0.1}, id="exact trees with thin leaves"),
    pytest.param({"base_score": 0.01, "trees": 3}, id="a rare class as base score"),
    pytest.param({"grow_policy": "lossguide", "max_leaves": 9, "depth": 6}, id="lopsided trees"),
    pytest.param({"gamma": 1e9}, id="nothing but single leaves"),
]


@pytest.mark.parametrize("parameters", MODELS)
def test_contributions_and_margin_are_those_of_xgboost(train: Any, some_rows: Any, parameters: dict[str, Any]) -> None:
    booster = train(**parameters)
    matrix = xgboost.DMatrix(some_rows, nthread=1)
    oracle = booster.predict(matrix, pred_contribs=True)
    margins = booster.predict(matrix, output_margin=True)

    tables = tables_of(booster)

    scale = max(float(np.abs(oracle).max()), 1e-3)
    for row, expected, margin in zip(some_rows, oracle, margins, strict=True):
        found, contributions = tables.contributions_of(row)
        np.testing.assert_allclose(contributions, expected[:-1], atol=1e-4 * scale, rtol=0)
        assert tables.base == pytest.approx(expected[-1], abs=1e-5)
        assert found == pytest.approx(margin, abs=2e-5)
        assert contributions.sum() + tables.base == pytest.approx(found, abs=1e-9)


def test_a_value_exactly_on_a_threshold_goes_where_xgboost_sends_it(booster: xgboost.Booster) -> None:
    document = json.loads(bytes(booster.save_raw("json")))
    trees = document["learner"]["gradient_booster"]["model"]["trees"]
    tests = [
        (tree["split_indices"][at], tree["split_conditions"][at])
        for tree in trees
        for at, child in enumerate(tree["left_children"])
        if child != -1
    ]
    edges = np.full((len(tests), WIDTH), np.nan, np.float32)
    for row, (feature, threshold) in zip(edges, tests, strict=True):
        row[feature] = threshold

    found = tables_of(booster).margins_of(edges)

    np.testing.assert_allclose(found, booster.inplace_predict(edges, predict_type="margin"), atol=2e-5, rtol=0)


@pytest.mark.parametrize("extreme", [np.inf, -np.inf, np.nan, 3e38, -3e38, 1e-45, 0.0, -0.0])
def test_extreme_values_are_scored_as_xgboost_scores_them(booster: xgboost.Booster, extreme: float) -> None:
    row = np.full((1, WIDTH), extreme, np.float32)

    found = tables_of(booster).margin_of(row[0])

    assert found == pytest.approx(float(booster.inplace_predict(row, predict_type="margin")[0]), abs=2e-5)


@given(st.lists(st.floats(width=32, allow_subnormal=True), min_size=WIDTH, max_size=WIDTH))
@settings(max_examples=200, deadline=None)
def test_any_vector_gets_the_margin_of_xgboost(tables_and_booster: Any, values: list[float]) -> None:
    tables, booster = tables_and_booster
    row = np.array(values, np.float32)

    found = tables.margin_of(row)

    assert found == pytest.approx(float(booster.inplace_predict(row[None], predict_type="margin")[0]), abs=2e-5)


@pytest.fixture(scope="module")
def tables_and_booster(booster: xgboost.Booster) -> tuple[TreeTables, xgboost.Booster]:
    return tables_of(booster), booster


def test_one_row_and_a_batch_give_the_same_bits(booster: xgboost.Booster) -> None:
    matrix = np.random.default_rng(5).normal(size=(9_001, WIDTH)).astype(np.float32)
    tables = tables_of(booster)

    batch: NDArray[np.float64] = tables.margins_of(matrix)

    assert batch[::37].tolist() == [tables.margin_of(row) for row in matrix[::37]]
    assert batch[:50].tolist() == [tables.contributions_of(row)[0] for row in matrix[:50]]
    assert tables.margins_of(matrix[:0]).shape == (0,)


def test_a_feature_that_the_model_does_not_read_contributes_nothing(booster: xgboost.Booster, some_rows: Any) -> None:
    document = json.loads(bytes(booster.save_raw("json")))
    columns = [at + 3 for at in range(WIDTH)]
    wider = np.hstack((np.ones((len(some_rows), 3), np.float32), some_rows))

    tables = compile_trees(document, columns, WIDTH + 3)

    margin, contributions = tables.contributions_of(wider[0])
    same_margin, same = tables_of(booster).contributions_of(some_rows[0])
    assert margin == same_margin
    assert contributions.tolist() == [0.0, 0.0, 0.0, *same.tolist()]


def test_a_vector_of_another_length_is_refused(booster: xgboost.Booster) -> None:
    tables = tables_of(booster)

    with pytest.raises(ValueError, match="12 features"):
        tables.margin_of(np.zeros(WIDTH + 1, np.float32))
    with pytest.raises(ValueError, match="12 features"):
        tables.margins_of(np.zeros((4, WIDTH - 1), np.float32))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"objective": "reg:squarederror"}, "binary:logistic"),
        ({"booster": "dart"}, "gbtree"),
        ({"depth": 12, "min_child_weight": 0.01}, "deeper than 8"),
    ],
)
def test_a_booster_that_the_tables_cannot_hold_is_refused(train: Any, parameters: Any, message: str) -> None:
    booster = train(trees=5, **parameters)

    with pytest.raises(UnsupportedTreesError, match=message):
        tables_of(booster)


def test_the_tables_cannot_be_changed_by_a_thread_that_uses_them(booster: xgboost.Booster) -> None:
    tables = tables_of(booster)

    for array in (tables.margin, tables.contribution, tables.bound, tables.source, tables.start, tables.feature):
        assert not array.flags.writeable
