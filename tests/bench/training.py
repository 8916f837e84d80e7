"""How long a million rows of eighty features take to train on two threads, and how much memory: run it by hand."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from datetime import UTC, datetime

import numpy as np

from models.card import DataSource, FeatureEntry
from models.training.dataset import Dataset
from models.training.train import TrainSettings, train

LONGEST_S = 300.0
MOST_GIB = 6.0
PREVALENCE_LOG_ODDS = -4.5
MISSING = 0.15
DAYS = 180


def invented(rows: int, features: int, seed: int) -> Dataset:
    """Numbers of which ten tell something, a seventh of them missing, fraud in some 6 % of the rows."""
    random = np.random.default_rng(seed)
    matrix = random.standard_normal((rows, features), dtype=np.float32)
    margin = PREVALENCE_LOG_ODDS + matrix[:, :10] @ np.linspace(1.2, 0.3, 10).astype(np.float32)
    truth = (random.random(rows) < 1 / (1 + np.exp(-margin))).astype(np.int8)
    for column in range(features):
        matrix[random.random(rows, dtype=np.float32) < MISSING, column] = np.nan
    seconds = np.sort(random.integers(0, DAYS * 86_400, rows))
    return Dataset(
        features=tuple(FeatureEntry(name=f"f{at}", direction=1 if at < 5 else 0) for at in range(features)),
        matrix=matrix,
        labels=truth,
        truth=truth,
        times=np.datetime64("2026-01-01", "us") + seconds * np.timedelta64(1_000_000, "us"),
        entities=np.where(truth == 1, random.integers(0, 5_000, rows), -1),
        source=DataSource.TABLE,
        description="invented numbers",
        slices={"account type": random.choice(["educational", "research"], rows)},
    )


def main() -> int:
    """Train once; 1 when it took longer or more memory than promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=80)
    chosen = parser.parse_args()
    dataset = invented(chosen.rows, chosen.features, seed=1)
    last = ""

    def shown(stage: str, done: int, total: int | None, /) -> None:
        nonlocal last
        if stage != last or done == total:
            last = stage
            sys.stderr.write(f"{time.monotonic() - began:7.1f} s  {stage} {done}\n")

    began = time.monotonic()
    trained = train(dataset, TrainSettings(), created=datetime.now(UTC), progress=shown)
    took = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    auc = next(metric.value for metric in trained.card.metrics if metric.name == "roc_auc")
    sys.stdout.write(
        f"{chosen.rows:,} rows x {chosen.features} features: {took:.0f} s (goal {LONGEST_S:.0f}), "
        f"peak {peak:.1f} GiB (goal {MOST_GIB:.0f}), ROC-AUC {auc:.3f}\n"
    )
    return int(took > LONGEST_S or peak > MOST_GIB)


if __name__ == "__main__":
    sys.exit(main())
