"""Two workers on a cluster grow what one process grows, within noise."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from models.training.cluster import ClusterEngine
from models.training.dataset import Dataset, DatasetError
from models.training.fit import FitSettings
from models.training.progress import silent
from models.training.splits import split_by_time
from models.training.stored import read_dataset, write_dataset
from models.training.train import TrainedModel, TrainSettings, grow, rows_to_learn_from, train

CREATED = datetime(2026, 11, 1, 12, tzinfo=UTC)
QUICK = TrainSettings(fit=FitSettings(trees=40, patience=10, threads=1), seed=3)
START_S = 40


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers, each a process of its own, as on a cluster."""
    place = tmp_path_factory.mktemp("cluster")
    told = place / "scheduler.json"
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
    dask = [sys.executable, "-m", "dask"]
    worker = [*dask, "worker", "--scheduler-file", str(told), "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    started = [
        subprocess.Popen(command, env=quiet, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in (
            [*dask, "scheduler", "--scheduler-file", str(told), "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
            worker,
            worker,
        )
    ]
    try:
        yield _address(told)
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait(timeout=20)


def _address(told: Path) -> str:
    import json

    from distributed import Client

    deadline = time.monotonic() + START_S
    while not told.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    address = json.loads(told.read_text())["address"]
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=START_S)
    return str(address)


def figure(trained: TrainedModel, name: str) -> float:
    found = next(metric.value for metric in trained.card.metrics if metric.name == name)
    assert found is not None
    return found


def test_the_cluster_finds_what_one_process_finds(scheduler: str, dataset: Dataset, trained: TrainedModel) -> None:
    stages: list[str] = []

    grown = train(
        dataset,
        QUICK,
        created=CREATED,
        engine=ClusterEngine(scheduler),
        progress=lambda stage, _done, _total: stages.append(stage),
    )

    for name in ("roc_auc", "pr_auc", "brier"):
        assert figure(grown, name) == pytest.approx(figure(trained, name), abs=0.03)
    assert {each.feature for each in grown.evaluation.importances} == {  # type: ignore[union-attr]
        each.feature
        for each in trained.evaluation.importances  # type: ignore[union-attr]
    }
    assert "growing trees on the cluster" in stages


def test_workers_read_the_files_of_a_folder_themselves_and_find_the_same(
    scheduler: str, dataset: Dataset, tmp_path: Path
) -> None:
    write_dataset(dataset, tmp_path / "kept", part_rows=700)
    # Partitioned anew by somebody: the order of the names is no longer that of time.
    (tmp_path / "kept" / "part-00000.parquet").rename(tmp_path / "kept" / "part-99999.parquet")
    kept = read_dataset(tmp_path / "kept")
    engine = ClusterEngine(scheduler, tmp_path / "kept")
    emptied = replace(kept, matrix=np.full_like(kept.matrix, np.nan), augmented=None)
    stages: list[str] = []

    split = split_by_time(kept.times, kept.entities, shares=QUICK.shares, gap_days=QUICK.gap_days)
    told = lambda stage, _done, _total: stages.append(stage)  # noqa: E731
    read = grow(replace(kept, augmented=None), split, QUICK, engine=engine, progress=told)
    blind = rows_to_learn_from(emptied, split)

    here = grow(replace(kept, augmented=None), split, QUICK)
    found, expected = (
        roc_auc_score(kept.truth, [each.probability for each in grown.scorer.score_rows(kept.matrix)])
        for grown in (read, here)
    )
    assert found == pytest.approx(expected, abs=0.02)
    assert "the cluster reads the rows" in stages
    # Whatever the client holds in its own memory: the rows come from the files.
    fit = {"directions": [0] * len(kept.names), "settings": QUICK.fit, "seed": 3, "progress": silent}
    assert len(engine(*blind, names=kept.names, **fit)) > 5_000  # type: ignore[arg-type]  # as the protocol has them


def test_a_cluster_that_is_not_there_is_said_so(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.training.cluster.CONNECT_S", 1)

    with pytest.raises(DatasetError, match=r"127\.0\.0\.1:1"):
        train(dataset, QUICK, created=CREATED, engine=ClusterEngine("tcp://127.0.0.1:1"))
