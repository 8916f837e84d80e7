"""Prometheus metrics of the service, added up over every worker process.

Labels are closed sets (decisions, route templates, names of steps): never an id, a raw URL or anything a person sent.
"""

from __future__ import annotations

import itertools
import os
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Summary,
    generate_latest,
    start_http_server,
    values,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from service.usecases.drift import Measured

_DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_OF_ONE_START = "workers-of-"

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

# A decision takes a few milliseconds; the long end is where the waiting room and the database time-outs show.
REQUEST_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

UNMATCHED_ROUTE = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# Timing the steps of every decision costs 45 µs of shared memory writes; of every eighth, 6 µs, and means stay true.
STEPS_TIMED_ONE_IN = 8


def share_between_workers(parent: Path) -> Path:
    """Give the workers of this start a directory of their own under ``parent``, in which their metrics add up.

    Called before the first ``Metrics`` is made and before workers are forked. What processes that no longer run
    have left behind is removed. Returns the directory.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(f"{_OF_ONE_START}*"):
        if not _belongs_to_another_running_process(left):
            shutil.rmtree(left, ignore_errors=True)
    directory = parent / f"{_OF_ONE_START}{os.getpid()}"
    directory.mkdir(mode=0o700)
    os.environ[_DIRECTORY_VARIABLE] = str(directory)
    # prometheus-client chooses where values live when it is imported, which is before anybody knows the directory.
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]  # the library is half typed
    return directory


def forget_worker(pid: int) -> None:
    """A worker has ended: its gauges no longer count, its counters do."""
    if _DIRECTORY_VARIABLE in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]  # the library is half typed


def _belongs_to_another_running_process(directory: Path) -> bool:
    name = directory.name.removeprefix(_OF_ONE_START)
    if not name.isdecimal() or int(name) == os.getpid():
        return False
    try:
        os.kill(int(name), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(slots=True)
class StepClock:
    """The seconds each step of one request took; a ``Stopwatch`` for the use cases."""

    clock: Callable[[], float] = time.perf_counter
    steps: dict[str, float] = field(default_factory=dict)
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self._last = self.clock()

    def lap(self, step: str) -> None:
        """The named step has just ended; a step that ends twice adds up."""
        now = self.clock()
        self.steps[step] = self.steps.get(step, 0.0) + now - self._last
        self._last = now

    def milliseconds(self) -> dict[str, float]:
        """What a log line says: each step in milliseconds."""
        return {step: round(seconds * 1_000, 3) for step, seconds in self.steps.items()}


class DriftGauges:
    """Drift as gauges: set by whichever process was asked last, from what the worker has measured."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(f"gatehouse_drift_{name}", words, labels, registry=registry, multiprocess_mode="mostrecent")

        self._at = gauge("measured_timestamp_seconds", "When drift was measured last")
        self._alarms = gauge("alarms", "What moved beyond chance and far enough to look at")
        self._index = gauge("stability_index", "Population stability index of a feature, or of the score", "of")
        self._floor = gauge("stability_floor", "The index that chance reaches in samples of these sizes", "of")
        self._missing = gauge("missing_share", "The share of recent sign-ups without the feature", "of")
        self._unseen = gauge("unseen_share", "The share of recent sign-ups with a value never seen before", "kind")
        self._off_by = gauge("calibration_log_odds", "By how much the scores that ripened last were off")
        self._shown: datetime | None = None

    def show(self, measured: Measured) -> None:
        """Set the gauges."""
        if self._shown == measured.at:
            return
        self._shown, drift = measured.at, measured.drift
        self._at.set(measured.at.timestamp())
        self._alarms.set(len(drift.alarms))
        for moved in (*drift.features, *([drift.score] if drift.score else [])):
            self._index.labels(moved.name).set(moved.index)
            self._floor.labels(moved.name).set(moved.floor)
            self._missing.labels(moved.name).set(moved.missing_now)
        for first in drift.unseen:
            self._unseen.labels(first.kind).set(first.now)
        if drift.calibration and drift.calibration[0].off_by is not None:
            self._off_by.set(drift.calibration[0].off_by)


class Metrics:
    """Everything the service counts. One object a process, made before the workers are forked."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._turns = itertools.count()
        self._decisions = Counter(
            "gatehouse_decisions",
            "Sign-ups decided",
            ("decision", "account_type", "degraded"),
            registry=self._registry,
        )
        self._answers = Counter(
            "gatehouse_signups",
            "Sign-ups by what became of the request: assessed, recorded without a decision, or replayed",
            ("kind",),
            registry=self._registry,
        )
        self._requests = Histogram(
            "gatehouse_request_seconds",
            "Time to answer, by route template",
            ("method", "route", "status"),
            buckets=REQUEST_BUCKETS_S,
            registry=self._registry,
        )
        self._steps = Summary(
            "gatehouse_step_seconds",
            f"Time each step of a decision takes, one decision in {STEPS_TIMED_ONE_IN}",
            ("step",),
            registry=self._registry,
        )
        self._errors = Counter(
            "gatehouse_errors", "Requests that failed, by the type of the error", ("type",), registry=self._registry
        )
        self._refusals = Counter(
            "gatehouse_busy_refusals", "Requests refused because the waiting room was full", registry=self._registry
        )
        self._attempts = Counter(
            "gatehouse_webhook_attempts",
            "Attempts to deliver a webhook: delivered, failed and to be tried again, or dead and given up",
            ("result",),
            registry=self._registry,
        )
        self._rule_failures = Counter(
            "gatehouse_rule_failures",
            "Rules of the policy that could not run, by rule; alert on any",
            ("rule",),
            registry=self._registry,
        )
        self._model = Gauge(
            "gatehouse_model_info",
            "1 for the model in use",
            ("version", "sha256"),
            registry=self._registry,
            multiprocess_mode="livemostrecent",
        )
        self._attacks = Gauge(
            "gatehouse_attacks_open",
            "Attacks that go on: keys that surprise, with another sign against the sign-ups that share them",
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )
        self._build = Gauge(
            "gatehouse_build_info",
            "1 for the version that runs",
            ("version", "python"),
            registry=self._registry,
            multiprocess_mode="max",
        )
        self._model_labels: tuple[str, str] | None = None
        self._drift = DriftGauges(self._registry)

    def drift_measured(self, measured: Measured) -> None:
        """What the worker measured last; saying so again costs nothing."""
        self._drift.show(measured)

    def decided(self, *, decision: str, account_type: str, degraded: bool) -> None:
        """One sign-up was decided and recorded."""
        self._decisions.labels(decision, account_type, "true" if degraded else "false").inc()
        self._answers.labels("assessed").inc()

    def recorded_only(self) -> None:
        """One sign-up was recorded without a decision."""
        self._answers.labels("recorded").inc()

    def replayed(self) -> None:
        """One request got the answer that had been given before."""
        self._answers.labels("replayed").inc()

    def answered(self, *, method: str, route: str | None, status: int, seconds: float) -> None:
        """One request was answered. ``route`` is the template (``/v1/signups/<id>``); ``None`` when nothing matched."""
        self._requests.labels(method if method in _METHODS else "other", route or UNMATCHED_ROUTE, str(status)).observe(
            seconds
        )

    def stepped(self, clock: StepClock) -> None:
        """The steps of one decision, as its clock saw them; the first and every eighth after it are counted."""
        if next(self._turns) % STEPS_TIMED_ONE_IN:
            return
        for step, seconds in clock.steps.items():
            self._steps.labels(step).observe(seconds)

    def failed(self, error: BaseException) -> None:
        """One request ended in an error nobody expected."""
        self._errors.labels(type(error).__name__).inc()

    def refused_busy(self) -> None:
        """One request was turned away because too many were waiting."""
        self._refusals.inc()

    def attempted(self, result: str) -> None:
        """One attempt to deliver a webhook ended."""
        self._attempts.labels(result).inc()

    def rule_failed(self, rule: str) -> None:
        """A rule of the policy could not run on one sign-up; the decision went on without it."""
        self._rule_failures.labels(rule).inc()

    def model_in_use(self, *, version: str, sha256: str) -> None:
        """From now on this model scores; saying so again costs nothing."""
        if self._model_labels == (version, sha256):
            return
        if self._model_labels is not None:
            self._model.labels(*self._model_labels).set(0)
        self._model_labels = (version, sha256)
        self._model.labels(version, sha256).set(1)

    def attacks_going_on(self, count: int) -> None:
        """So many attacks go on now."""
        self._attacks.set(count)

    def running(self, *, version: str) -> None:
        """The version of Gatehouse that runs."""
        self._build.labels(version, platform.python_version()).set(1)

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Serve this process's figures by a thread of its own, for a process that serves nothing else; gives its end.

        Raises:
            OSError: somebody else listens there.
        """
        server, thread = start_http_server(port, host, registry=self._registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop

    def exposition(self) -> bytes:
        """The body of ``/metrics``: this process alone, or every worker added up."""
        if _DIRECTORY_VARIABLE not in os.environ:
            return generate_latest(self._registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]  # the library is half typed
        return generate_latest(everyone)
