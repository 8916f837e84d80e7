"""The scorer gives one score, however it is asked, in any thread and after a fork."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import xgboost

from models.calibration import Calibration
from models.scorer import Scorer, scorer_of

NAMES = tuple(f"feature_{at}" for at in range(12))
KNOTS = Calibration((-3.0, 0.0, 3.0), (-5.0, -1.0, 4.0))


@pytest.fixture(scope="module")
def scorer(model_bytes: bytes) -> Scorer:
    return scorer_of(model_bytes, features=NAMES, catalogue=NAMES, calibration=KNOTS)


def test_score_explanation_and_batch_agree_to_the_last_bit(scorer: Scorer, some_rows: Any) -> None:
    batch = scorer.score_rows(some_rows)

    assert batch == [scorer.score(row) for row in some_rows]
    assert batch == [scorer.explain(row).score for row in some_rows]


def test_contributions_and_base_sum_to_the_margin(scorer: Scorer, some_rows: Any) -> None:
    for row in some_rows:
        explanation = scorer.explain(row)

        assert sum(explanation.contributions) + explanation.base == pytest.approx(explanation.score.margin, abs=1e-9)
        assert len(explanation.contributions) == len(NAMES)


def test_the_raw_probability_is_that_of_xgboost(scorer: Scorer, booster: xgboost.Booster, some_rows: Any) -> None:
    oracle = booster.inplace_predict(some_rows)

    found = [scorer.score(row).raw_probability for row in some_rows]

    np.testing.assert_allclose(found, oracle, atol=1e-6)


def test_the_score_is_the_calibrated_probability(scorer: Scorer, some_rows: Any) -> None:
    for score in scorer.score_rows(some_rows):
        assert score.probability == pytest.approx(1 / (1 + np.exp(-KNOTS(score.margin))))
        assert 0.0 < score.probability < 1.0


def test_the_vector_may_hold_more_features_in_another_order(model_bytes: bytes, scorer: Scorer, some_rows: Any) -> None:
    catalogue = ("new_one", *reversed(NAMES))
    other = scorer_of(model_bytes, features=NAMES, catalogue=catalogue, calibration=KNOTS)
    shuffled = np.hstack((np.zeros((len(some_rows), 1), np.float32), some_rows[:, ::-1]))

    assert other.score_rows(shuffled) == scorer.score_rows(some_rows)
    contributions = other.explain(shuffled[0]).contributions
    assert contributions[0] == 0.0
    assert contributions[1:] == scorer.explain(some_rows[0]).contributions[::-1]


def test_another_number_of_features_than_named_is_refused(model_bytes: bytes) -> None:
    with pytest.raises(ValueError, match="12 features, not the 3"):
        scorer_of(model_bytes, features=NAMES[:3], catalogue=NAMES, calibration=KNOTS)


def test_threads_share_a_scorer(scorer: Scorer, some_rows: Any) -> None:
    alone = [scorer.explain(row) for row in some_rows]

    with ThreadPoolExecutor(8) as pool:
        together = [list(pool.map(scorer.explain, some_rows)) for _ in range(5)]

    assert all(answers == alone for answers in together)


FORKING = """
import os, sys
import numpy as np
from models.calibration import Calibration
from models.scorer import scorer_of
names = tuple(f"feature_{at}" for at in range(12))
with open(sys.argv[1], "rb") as file:
    scorer = scorer_of(file.read(), features=names, catalogue=names, calibration=Calibration((0.0,), (0.0,)))
row = np.ones(12, np.float32)
before = scorer.explain(row)  # even a prediction in the parent must not hang the children
if child := os.fork():
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))
os._exit(0 if scorer.explain(row) == before else 3)
"""


def test_a_forked_child_scores_with_the_scorer_of_its_parent(model_bytes: bytes, tmp_path: Any) -> None:
    (tmp_path / "model.ubj").write_bytes(model_bytes)
    process = subprocess.Popen(
        [sys.executable, "-c", FORKING, str(tmp_path / "model.ubj")], start_new_session=True, env={**os.environ}
    )

    try:
        assert process.wait(timeout=30) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


SERVING = """
import sys
for name in ("sklearn", "pandas", "pyarrow"):
    sys.modules[name] = None  # importing any of them now raises ImportError
import numpy as np
from models.calibration import Calibration
import models.registry
from models.scorer import scorer_of
names = tuple(f"feature_{at}" for at in range(12))
with open(sys.argv[1], "rb") as file:
    scorer = scorer_of(file.read(), features=names, catalogue=names, calibration=Calibration((0.0,), (0.0,)))
assert scorer.explain(np.zeros(12, np.float32)).score.probability == 0.5
"""


def test_serving_needs_no_training_library(model_bytes: bytes, tmp_path: Any) -> None:
    (tmp_path / "model.ubj").write_bytes(model_bytes)

    done = subprocess.run(
        [sys.executable, "-c", SERVING, str(tmp_path / "model.ubj")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
