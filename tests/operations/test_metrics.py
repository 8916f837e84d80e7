"""What several workers count adds up, and what they leave behind is cleared away."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path

import pytest
from prometheus_client import values
from prometheus_client.parser import text_string_to_metric_families

from service.metrics import STEPS_TIMED_ONE_IN, Metrics, StepClock, forget_worker, share_between_workers

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def _samples(exposition: bytes) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(exposition.decode())
        for sample in family.samples
    }


def _of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "replaced by the next line")
    return share_between_workers(tmp_path)


def _start_worker(work: str) -> subprocess.Popen[bytes]:
    """Start another process that counts into the directory of this start, as gunicorn's workers do."""
    program = f"from service.metrics import Metrics\nmetrics = Metrics()\n{textwrap.dedent(work)}"
    return subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )


def _ended_well(*workers: subprocess.Popen[bytes]) -> None:
    assert [worker.wait(timeout=60) for worker in workers] == [0] * len(workers)


@pytest.mark.usefixtures("shared")
def test_two_workers_add_up() -> None:
    metrics = Metrics()

    work = """
        for _ in range(3):
            metrics.decided(decision="allow", account_type="research", degraded=False)
            metrics.answered(method="POST", route="/v1/signups", status=201, seconds=0.003)
        metrics.decided(decision="deny", account_type="research", degraded=True)
        metrics.model_in_use(version="2026.11", sha256="ab")
    """

    _ended_well(_start_worker(work), _start_worker(work))

    samples = _samples(metrics.exposition())
    total = "gatehouse_decisions_total"
    assert _of(samples, total, decision="allow", account_type="research", degraded="false") == 6
    assert _of(samples, total, decision="deny", account_type="research", degraded="true") == 2
    route = {"method": "POST", "route": "/v1/signups", "status": "201"}
    assert _of(samples, "gatehouse_request_seconds_count", **route) == 6
    assert _of(samples, "gatehouse_request_seconds_bucket", le="0.005", **route) == 6
    assert _of(samples, "gatehouse_request_seconds_bucket", le="0.0025", **route) == 0
    assert _of(samples, "gatehouse_model_info", version="2026.11", sha256="ab") == 1


@pytest.mark.usefixtures("shared")
def test_threads_of_one_worker_lose_nothing() -> None:
    metrics = Metrics()

    work = """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(4) as pool:
            for _ in range(2_000):
                pool.submit(metrics.replayed)
    """

    _ended_well(_start_worker(work))

    assert _of(_samples(metrics.exposition()), "gatehouse_signups_total", kind="replayed") == 2_000


@pytest.mark.usefixtures("shared")
def test_a_worker_that_ended_keeps_its_counts_and_loses_its_gauges() -> None:
    metrics = Metrics()
    worker = _start_worker("metrics.recorded_only(); metrics.model_in_use(version='old', sha256='ab')")
    _ended_well(worker)

    forget_worker(worker.pid)

    samples = _samples(metrics.exposition())
    assert _of(samples, "gatehouse_signups_total", kind="recorded") == 1
    assert not [labels for name, labels in samples if name == "gatehouse_model_info"]


def test_a_replaced_model_is_no_longer_in_use() -> None:
    metrics = Metrics()

    metrics.model_in_use(version="1", sha256="aa")
    metrics.model_in_use(version="2", sha256="bb")

    samples = _samples(metrics.exposition())
    assert _of(samples, "gatehouse_model_info", version="1", sha256="aa") == 0
    assert _of(samples, "gatehouse_model_info", version="2", sha256="bb") == 1


@pytest.mark.usefixtures("shared")
def test_a_model_that_a_worker_replaced_is_no_longer_in_use_anywhere() -> None:
    metrics = Metrics()
    metrics.model_in_use(version="1", sha256="aa")

    _ended_well(
        _start_worker("metrics.model_in_use(version='1', sha256='aa'); metrics.model_in_use(version='2', sha256='bb')")
    )

    samples = _samples(metrics.exposition())
    assert _of(samples, "gatehouse_model_info", version="1", sha256="aa") == 0
    assert _of(samples, "gatehouse_model_info", version="2", sha256="bb") == 1


def test_a_worker_on_its_own_serves_its_figures() -> None:
    metrics = Metrics()
    metrics.attempted("delivered")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    stop = metrics.serve("127.0.0.1", port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        samples = _samples(answer.read())
    stop()

    assert _of(samples, "gatehouse_webhook_attempts_total", result="delivered") == 1


def test_labels_are_closed_sets() -> None:
    metrics = Metrics()

    metrics.answered(method="ada@uni.example", route=None, status=404, seconds=0.001)
    metrics.failed(ValueError("ada@uni.example"))

    exposition = metrics.exposition().decode()
    assert "ada" not in exposition
    assert 'route="unmatched"' in exposition
    assert 'gatehouse_errors_total{type="ValueError"} 1.0' in exposition


def test_a_step_clock_shares_the_time_out_among_the_steps() -> None:
    ticks = iter([10.0, 10.5, 11.5, 11.75])
    clock = StepClock(clock=lambda: next(ticks))

    for step in ("parse", "look", "parse"):
        clock.lap(step)

    assert clock.steps == {"parse": 0.75, "look": 1.0}
    assert clock.milliseconds() == {"parse": 750.0, "look": 1_000.0}


def test_the_first_decision_is_timed_and_every_eighth_after_it() -> None:
    metrics = Metrics()
    ticks = iter(float(second) for second in range(1_000))

    for _ in range(2 * STEPS_TIMED_ONE_IN + 1):
        clock = StepClock(clock=lambda: next(ticks))
        clock.lap("score")
        metrics.stepped(clock)

    samples = _samples(metrics.exposition())
    assert _of(samples, "gatehouse_step_seconds_count", step="score") == 3
    assert _of(samples, "gatehouse_step_seconds_sum", step="score") == 3.0


def test_what_dead_processes_left_is_removed_and_what_others_use_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "replaced")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    running = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    for pid in (ended.pid, running.pid, os.getpid()):
        (tmp_path / f"workers-of-{pid}").mkdir()
        (tmp_path / f"workers-of-{pid}" / "counter_1.db").write_bytes(b"left")

    mine = share_between_workers(tmp_path)
    running.communicate()

    assert list(mine.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {mine.name, f"workers-of-{running.pid}"}
