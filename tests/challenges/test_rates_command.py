"""``gatehouse challenges rates`` shows what decisions use, and the worker estimates once a day."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from service.cli.challenges import challenges
from service.config import PREFIX

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def rates(sqlite_url: str, tmp_path: Any, monkeypatch: Any) -> Callable[..., str]:
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", sqlite_url)
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(tmp_path))

    def run(*options: str) -> str:
        result = CliRunner().invoke(challenges, ["rates", *options])
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_before_any_result_the_tables_own_rates_are_shown(rates: Callable[..., str]) -> None:
    shown = rates()

    assert "institution_sso" in shown
    [line] = [line for line in shown.splitlines() if "phone_code" in line and "honest" in line]
    assert line.count("0.920") == 2


def test_results_are_estimated_once_a_day_and_used(service: Any, document: Make, rates: Callable[..., str]) -> None:
    answer = service.sign_up(document(email="ada.example@mailinator.com"))
    [challenge] = answer["challenges"]
    assert service.work()["pass rates estimated"] > 0
    service.post(f"/v1/challenges/{challenge['id']}/result", {"status": "failed"})

    assert service.work()["pass rates estimated"] == 0
    service.clock.forward(days=1)
    assert service.work()["pass rates estimated"] > 0
    with service.parts.store.begin() as work:
        [honest] = [
            each
            for each in work.pass_rates.all()
            if (each.method.value, each.side.value) == (challenge["method"], "honest")
        ]
    assert 0 < honest.results < 1
    assert honest.estimate < honest.start
    assert f"{honest.estimate:.3f}" in rates("--now")
