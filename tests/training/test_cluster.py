"""Two workers on a cluster grow what one process grows, within noise."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.training.cluster import ClusterEngine
from models.training.dataset import Dataset, DatasetError
from models.training.fit import FitSettings
from models.training.train import TrainedModel, TrainSettings, train

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


def test_a_cluster_that_is_not_there_is_said_so(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.training.cluster.CONNECT_S", 1)

    with pytest.raises(DatasetError, match=r"127\.0\.0\.1:1"):
        train(dataset, QUICK, created=CREATED, engine=ClusterEngine("tcp://127.0.0.1:1"))
