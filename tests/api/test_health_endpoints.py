"""Health answers say what works, to anybody, without costing the database more than a probe a second."""

from __future__ import annotations

import pytest

from service.api.health import ProbeResult, Readiness, ReadinessCheck


def test_the_process_is_up(api):
    assert api.client.get("/livez").get_json() == {"status": "live"}


def test_ready_when_everything_works(api):
    response = api.client.get("/readyz")

    assert (response.status_code, response.get_json()["status"]) == (200, "ready")
    assert response.get_json()["checks"]["model"] == {"ok": True, "version": "test"}


def test_without_what_is_not_required_it_is_degraded_and_still_ready(api):
    api.probes["model"] = ProbeResult(ok=False, detail={"reason": "digest does not match"})

    response = api.client.get("/readyz")

    assert (response.status_code, response.get_json()["status"]) == (200, "degraded")
    assert response.get_json()["checks"]["model"] == {"ok": False, "reason": "digest does not match"}


def test_without_what_is_required_it_is_not_ready(api):
    api.probes["database"] = ProbeResult(ok=False)

    response = api.client.get("/readyz")

    assert (response.status_code, response.get_json()["status"]) == (503, "unavailable")


def test_a_probe_that_fails_is_a_finding_and_tells_no_more_than_its_kind():
    def fail() -> ProbeResult:
        raise ConnectionError("postgresql://gatehouse:secret@db")

    status, body = Readiness((ReadinessCheck("database", fail),), lambda: 0.0)()

    assert status == 503
    assert b"ConnectionError" in body
    assert b"secret" not in body


@pytest.mark.parametrize(("later", "probes"), [(0.9, 1), (1.0, 2)])
def test_probes_run_at_most_once_a_second(later, probes):
    runs: list[int] = []
    now = 10.0

    def probe() -> ProbeResult:
        runs.append(1)
        return ProbeResult(ok=True)

    readiness = Readiness((ReadinessCheck("database", probe),), lambda: now)
    readiness()
    now += later
    readiness()

    assert len(runs) == probes


def test_figures_are_given_as_they_come(api):
    response = api.client.get("/metrics")

    assert (response.data, response.content_type) == (b"# EOF\n", "text/plain; version=0.0.4")


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8"),
        ("/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("/docs/swagger.svg", "image/svg+xml"),
        ("/docs/start.js", "text/javascript; charset=utf-8"),
    ],
)
def test_the_documentation_needs_no_network(api, path, content_type):
    response = api.client.get(path)

    assert (response.status_code, response.content_type) == (200, content_type)
    policy = response.headers["Content-Security-Policy"]
    assert "http" not in policy
    assert path != "/docs" or "script-src 'self'" in policy
    assert path != "/docs" or "://" not in response.text
