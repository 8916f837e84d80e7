"""A promotion reaches every worker of a running service: no restart, no dropped request, no decision by two models."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import registry
from models.card import DataSource, FeatureEntry
from models.features.catalogue import FEATURES
from models.training.dataset import Dataset
from models.training.fit import FitSettings
from models.training.train import TrainSettings, train
from service.cli.context import store_of
from service.config import PREFIX, read_settings
from service.usecases.in_force import FRESH_FOR_S
from service.usecases.verify_model import VerifyModel

CATALOGUE = [feature.name for feature in FEATURES]
PATIENCE_S = 60.0
CLIENTS = 6


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    plain = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    chosen = {"DATA_DIR": str(tmp_path / "data"), "BIND": bind, "WORKERS": "2"}
    return plain | {PREFIX + name: value for name, value in chosen.items()}


@pytest.fixture
def models(environment: dict[str, str]) -> Path:
    """A registry with two small models that score differently; none is active."""
    directory = read_settings(environment).model_dir
    for version, seed in (("first", 1), ("second", 2)):
        settings = TrainSettings(fit=FitSettings(trees=10, patience=5, threads=1), seed=seed)
        train(invented(seed), settings, created=datetime(2026, 6, 1, tzinfo=UTC), version=version).save(directory)
    return directory


def invented(seed: int) -> Dataset:
    random, rows = np.random.default_rng(seed), 2_000
    matrix = random.normal(size=(rows, len(CATALOGUE))).astype(np.float32)
    truth = (random.random(rows) < 1 / (1 + np.exp(2 - matrix[:, :8].sum(axis=1) / 2))).astype(np.int8)
    return Dataset(
        features=tuple(FeatureEntry(name=name, direction=0) for name in CATALOGUE),
        matrix=matrix,
        labels=truth,
        truth=truth,
        times=np.datetime64("2026-01-05", "us") + np.arange(rows) * np.timedelta64(3_600_000_000, "us"),
        entities=np.full(rows, -1, np.int64),
        source=DataSource.RECORDED,
        description="invented decisions",
    )


@dataclass
class Load:
    """Clients that sign people up without pause, and what they were answered."""

    address: str
    key: str
    answers: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _clients: list[threading.Thread] = field(default_factory=list)

    def begin(self) -> None:
        self._clients = [threading.Thread(target=self._sign_up, args=(number,)) for number in range(CLIENTS)]
        for client in self._clients:
            client.start()

    def end(self) -> None:
        self._over.set()
        for client in self._clients:
            client.join(PATIENCE_S)

    def wait_for_only(self, version: str) -> None:
        """Wait until a long run of the newest answers names one model: both workers have answered many times."""
        deadline = time.monotonic() + PATIENCE_S
        while {each["model"]["version"] for each in self.answers[-20 * CLIENTS :]} != {version}:
            assert time.monotonic() < deadline, f"{version} did not reach every worker"
            assert not self.failures, self.failures
            time.sleep(0.05)

    def _sign_up(self, client: int) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            body = {
                "signup_id": f"su_{client}_{number}",
                "account_type": "educational",
                "identity": {"full_name": "Ada Example", "country": "GB", "role": "student"},
                "email": f"ada.{client}.{number}@college.example",
                "device": {"ip": f"192.0.2.{client}"},
            }
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            request = urllib.request.Request(f"{self.address}/v1/signups", json.dumps(body).encode(), headers)
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
                    self.answers.append(json.load(response))
            except OSError as error:
                self.failures.append(repr(error))


@pytest.fixture
def load(environment: dict[str, str], models: Path, tmp_path: Path) -> Iterator[Load]:
    """A real service of two workers under load."""
    registry.promote(models, "first", catalogue=CATALOGUE)
    output = tmp_path / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve"], env=environment, stdout=file, stderr=file
        )
    deadline = time.monotonic() + PATIENCE_S
    while (key := re.search(r"gh_[0-9a-f]{12}_[0-9a-f]{64}", output.read_text())) is None:
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)
    loaded = Load(f"http://{environment[PREFIX + 'BIND']}", key.group())
    loaded.begin()
    try:
        yield loaded
    finally:
        loaded.end()
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.mark.slow
def test_promotion_and_rollback_reach_both_workers_under_load(
    load: Load, models: Path, environment: dict[str, str]
) -> None:
    load.wait_for_only("first")
    registry.promote(models, "second", catalogue=CATALOGUE)
    load.wait_for_only("second")
    registry.rollback(models, catalogue=CATALOGUE)
    load.wait_for_only("first")
    load.end()

    digests = {each: registry.card_of(models, each).model_sha256 for each in ("first", "second")}
    named = {(each["model"]["version"], each["model"]["sha256"]) for each in load.answers}
    assert load.failures == []
    assert named == set(digests.items())
    store = store_of(read_settings(environment))
    verify: Callable[..., Any] = VerifyModel(store.begin, models, CATALOGUE)
    found = [verify(version, sample=100_000) for version in digests]
    store.dispose()
    assert [each.problems for each in found] == [(), ()]
    assert sum(each.equal for each in found) == len(load.answers)


def test_the_look_at_the_pointer_leaves_time_to_load_within_the_five_seconds_promised() -> None:
    assert FRESH_FOR_S <= 4
