"""Never a silent guess: a missing model says so and falls back on the policy; a missing database answers 503."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from models import registry
from service.cli.catalogue import CATALOGUE
from service.usecases import judge

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """A registry whose active model is a copy of the shipped one, to damage."""
    directory = tmp_path / "models"
    baseline = Path(registry.__file__).parent / "baseline"
    version = registry.baseline_card().version
    shutil.copytree(baseline, directory / version)
    registry.promote(directory, version, catalogue=CATALOGUE)
    return directory


def _damage(model_dir: Path) -> None:
    [model] = model_dir.glob("*/model.ubj")
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)


def test_a_damaged_model_degrades_every_decision_and_says_so(
    sqlite_url: str, start: Callable[..., Any], make_document: Make, model_dir: Path
) -> None:
    _damage(model_dir)
    service = start(sqlite_url, MODEL_DIR=str(model_dir))

    answer = service.sign_up(make_document(email="oriane@ens.fr", device={"ip": "81.2.69.142"})).get_json()
    ready = service.client.get("/readyz")

    assert answer["decision"] == "step_up"
    assert answer["score"] is None
    assert answer["degraded"] is True
    assert answer["degraded_reason"] == "model_unavailable"
    assert answer["model"] is None
    assert ready.get_json()["status"] == "degraded"
    assert "digest" in ready.get_json()["checks"]["model"]["problem"]
    [record] = service.records()
    assert record.assessments[0].degraded


def test_rules_still_count_without_a_model(
    sqlite_url: str, start: Callable[..., Any], make_document: Make, model_dir: Path
) -> None:
    _damage(model_dir)
    service = start(sqlite_url, MODEL_DIR=str(model_dir))
    for number in range(11):
        answer = service.sign_up(
            make_document(
                f"su_{number}",
                email=f"person{number}@college.example",
                device={"ip": "81.2.69.142", "device_id": "one-device"},
                occurred_at=f"2026-11-20T10:{number:02}:00Z",
            )
        ).get_json()

    assert answer["decision"] == "review"
    assert "device_farm" in answer["rules"]


def test_scoring_that_raises_degrades_the_decision(
    service: Any, make_document: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise FloatingPointError("Oriane Maupertuis")

    monkeypatch.setattr("models.scorer.Scorer.score", fail)
    answer = service.sign_up(make_document()).get_json()

    assert answer["degraded_reason"] == judge.SCORING_FAILED
    assert answer["decision"] == "step_up"


def test_a_model_that_is_damaged_later_leaves_the_loaded_one_scoring(
    sqlite_url: str, start: Callable[..., Any], make_document: Make, model_dir: Path
) -> None:
    service = start(sqlite_url, MODEL_DIR=str(model_dir))
    before = service.sign_up(make_document("before")).get_json()
    _damage(model_dir)

    after = service.sign_up(make_document("after")).get_json()

    assert before["degraded"] is after["degraded"] is False


def test_without_a_database_nothing_is_allowed_unrecorded(
    postgresql_url: str, start: Callable[..., Any], make_document: Make
) -> None:
    service = start(postgresql_url)
    service.sign_up(make_document("before"))
    _point_at_nothing(service)

    answer = service.sign_up(make_document("during"))
    ready = service.client.get("/readyz")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.mimetype == "application/problem+json"
    assert "decision" not in answer.get_json()
    assert ready.status_code == 503
    assert service.client.get("/livez").status_code == 200


def _point_at_nothing(service: Any) -> None:
    """From now on the store looks for its database where nothing listens."""
    store = service.parts.store
    store.dispose()
    store._url = make_url(store._url).set(host="127.0.0.1", port=1, query={}).render_as_string(hide_password=False)
