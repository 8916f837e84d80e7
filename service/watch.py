"""Watching requests: each one leaves a measurement and a log line, without the edges or the use cases knowing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from flask import Flask, Response, g, has_request_context, request

from models.signup import Signup
from service.domain.caller import Caller
from service.metrics import Metrics, StepClock
from service.usecases.assess import Assess
from service.usecases.ports_idempotency import Fingerprint, IdempotencyClaim
from service.usecases.stopwatch import NULL_STOPWATCH, Stopwatch
from service.usecases.views import Answer
from service.waiting_room import LIGHT_PATHS
from service.web import request_id

ALERT_EVERY_S = 60.0
"""How often one rule's failing is worth a line: a rule that fails fails at every sign-up."""

_log = structlog.get_logger("gatehouse.request")


def watch_requests(app: Flask, metrics: Metrics) -> None:
    """Measure every answer of ``app`` and log it. Called after ``install_web``, which gives requests their ids.

    A log line names the route's template, never the URL. Health checks are measured and not logged.
    """

    def begin() -> None:
        g.clock = StepClock()
        g.began = g.clock.clock()
        g.told = {}
        structlog.contextvars.bind_contextvars(request_id=request_id())

    def end(response: Response) -> Response:
        if "began" not in g:
            return response
        seconds = g.clock.clock() - g.began
        route = request.url_rule.rule if request.url_rule is not None else None
        metrics.answered(method=request.method, route=route, status=response.status_code, seconds=seconds)
        if request.path not in LIGHT_PATHS or response.status_code >= 400:
            _log.info(
                "answered",
                method=request.method,
                route=route,
                status=response.status_code,
                ms=round(seconds * 1_000, 3),
                **g.told,
            )
        return response

    def forget(error: BaseException | None) -> None:
        del error
        structlog.contextvars.unbind_contextvars("request_id")

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(forget)


@dataclass(frozen=True, slots=True)
class RuleAlarm:
    """Rules that could not run: every failure is counted, and one in a while of each rule is an alert in the log."""

    metrics: Metrics
    monotonic: Callable[[], float]
    last: dict[str, float] = field(default_factory=dict)

    def __call__(self, rules: Sequence[str]) -> None:
        """These rules failed on one sign-up."""
        now = self.monotonic()
        for rule in rules:
            self.metrics.rule_failed(rule)
            if now - self.last.get(rule, float("-inf")) >= ALERT_EVERY_S:
                self.last[rule] = now
                _log.error("a rule of the policy fails while running; decisions go on without it", rule=rule)


@dataclass(frozen=True, slots=True)
class WatchedAssess:
    """The assess use case, timed step by step and counted; called exactly as the use case itself."""

    assess: Assess
    metrics: Metrics

    def __call__(
        self,
        signup: Signup,
        *,
        caller: Caller,
        now: datetime,
        fingerprint: Fingerprint,
        claim: IdempotencyClaim | None = None,
        stopwatch: Stopwatch = NULL_STOPWATCH,
    ) -> Answer:
        """Assess, and count what came of it. ``stopwatch`` is replaced by the clock of the request."""
        del stopwatch
        clock = _clock_of_request()
        clock.lap("parse")
        answer = self.assess(signup, caller=caller, now=now, fingerprint=fingerprint, claim=claim, stopwatch=clock)
        self._count(answer)
        self.metrics.stepped(clock)
        if has_request_context():
            # The next line of a batch is timed by a clock of its own.
            g.clock = StepClock()
            g.told = _told(answer, clock)
        return answer

    def _count(self, answer: Answer) -> None:
        if answer.replayed:
            self.metrics.replayed()
        elif answer.view is None or answer.view.assessment is None:
            self.metrics.recorded_only()
        else:
            assessment = answer.view.assessment
            self.metrics.decided(
                decision=assessment.decision.value,
                account_type=answer.view.account_type.value,
                degraded=assessment.degraded,
            )
            if assessment.model is not None:
                self.metrics.model_in_use(version=assessment.model.version, sha256=assessment.model.sha256)


def _clock_of_request() -> StepClock:
    if has_request_context() and "clock" in g:
        clock: StepClock = g.clock
        return clock
    return StepClock()


def _told(answer: Answer, clock: StepClock) -> dict[str, object]:
    told: dict[str, object] = {"steps_ms": clock.milliseconds(), "replayed": answer.replayed}
    if answer.view is not None:
        told["decision_id"] = answer.view.id
        if answer.view.assessment is not None:
            told["decision"] = answer.view.assessment.decision.value
            told["degraded"] = answer.view.assessment.degraded
    return told
