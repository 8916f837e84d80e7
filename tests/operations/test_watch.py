"""Every request leaves one measurement and one log line, and a decision tells how long its steps took."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, Response
from structlog.testing import capture_logs

from models.signup import AccountType
from service.domain.decision import Assessment, Decision, ModelReference
from service.metrics import Metrics
from service.usecases.stopwatch import Stopwatch
from service.usecases.views import Answer, DecisionView
from service.watch import ALERT_EVERY_S, RuleAlarm, WatchedAssess, watch_requests
from service.web import install_web

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
STEP_UP = Assessment(
    id="as_1",
    decided_at=NOW,
    decision=Decision.STEP_UP,
    score=0.4,
    reasons=(),
    rules=(),
    vector=None,
    signals={},
    linkage={},
    model=ModelReference("2026.11", "ab"),
    policy_version=1,
)


def _view(assessment: Assessment | None) -> DecisionView:
    return DecisionView(
        id="d-1",
        signup_id="su_1",
        account_type=AccountType.EDUCATIONAL,
        record_only=assessment is None,
        created_at=NOW,
        assessment=assessment,
    )


ANSWERS = {
    "decided": Answer(status=201, body=b"{}", replayed=False, view=_view(STEP_UP)),
    "recorded": Answer(status=201, body=b"{}", replayed=False, view=_view(None)),
    "replayed": Answer(status=200, body=b"{}", replayed=True),
}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def app(metrics: Metrics) -> Flask:
    app = Flask("watched")
    install_web(app)
    watch_requests(app, metrics)

    def assess(signup: object, *, stopwatch: Stopwatch, **_: Any) -> Answer:
        stopwatch.lap("score")
        return ANSWERS[str(signup)]

    watched = WatchedAssess(assess, metrics)  # type: ignore[arg-type]  # stands in for the use case

    def create(kind: str) -> Response:
        answer = watched(kind, caller=None, now=NOW, fingerprint=b"")  # type: ignore[arg-type]
        return Response(answer.body, answer.status)

    def broken() -> Response:
        raise ValueError("ada@uni.example")

    app.add_url_rule("/v1/signups/<kind>", view_func=create, methods=["POST"])
    app.add_url_rule("/broken", view_func=broken)
    app.add_url_rule("/livez", view_func=lambda: "live")
    return app


def test_a_decision_is_counted_and_timed_by_route_template(app: Flask, metrics: Metrics) -> None:
    app.test_client().post("/v1/signups/decided")

    exposition = metrics.exposition().decode()
    counted = 'gatehouse_decisions_total{account_type="educational",decision="step_up",degraded="false"} 1.0'
    assert counted in exposition
    assert 'gatehouse_request_seconds_count{method="POST",route="/v1/signups/<kind>",status="201"} 1.0' in exposition
    assert 'gatehouse_step_seconds_count{step="parse"} 1.0' in exposition
    assert 'gatehouse_step_seconds_count{step="score"} 1.0' in exposition
    assert 'gatehouse_model_info{sha256="ab",version="2026.11"} 1.0' in exposition


@pytest.mark.parametrize("kind", ["recorded", "replayed"])
def test_what_is_not_decided_now_is_not_counted_as_a_decision(app: Flask, metrics: Metrics, kind: str) -> None:
    app.test_client().post(f"/v1/signups/{kind}")

    exposition = metrics.exposition().decode()
    assert f'gatehouse_signups_total{{kind="{kind}"}} 1.0' in exposition
    assert "gatehouse_decisions_total{" not in exposition


def test_one_line_tells_the_decision_and_its_steps(app: Flask) -> None:
    with capture_logs() as lines:
        app.test_client().post("/v1/signups/decided?email=ada@uni.example", headers={"X-Request-Id": "r-1"})

    (line,) = lines
    assert line["event"] == "answered"
    assert line["route"] == "/v1/signups/<kind>"
    assert (line["status"], line["decision"], line["decision_id"]) == (201, "step_up", "d-1")
    assert set(line["steps_ms"]) == {"parse", "score"}
    assert "ada@" not in str(line)


def test_an_error_and_an_unknown_path_are_measured_without_their_text(app: Flask, metrics: Metrics) -> None:
    with capture_logs() as lines:
        app.test_client().get("/broken")
        app.test_client().get("/ada@uni.example")

    assert "uni.example" not in str(lines)
    exposition = metrics.exposition().decode()
    assert "ada@" not in exposition
    assert 'route="/broken",status="500"' in exposition
    assert 'route="unmatched",status="404"' in exposition


def test_health_checks_are_measured_and_not_logged(app: Flask, metrics: Metrics) -> None:
    with capture_logs() as lines:
        app.test_client().get("/livez")

    assert lines == []
    assert 'route="/livez"' in metrics.exposition().decode()


def test_a_failing_rule_is_counted_every_time_and_an_alert_once_in_a_while(metrics: Metrics) -> None:
    clock = [0.0]
    alarm = RuleAlarm(metrics, lambda: clock[0])

    with capture_logs() as lines:
        for _ in range(3):
            alarm(["broken"])
        clock[0] += ALERT_EVERY_S
        alarm(["broken", "another"])

    assert 'gatehouse_rule_failures_total{rule="broken"} 4.0' in metrics.exposition().decode()
    assert [(line["log_level"], line["rule"]) for line in lines] == [("error", "broken")] * 2 + [("error", "another")]
