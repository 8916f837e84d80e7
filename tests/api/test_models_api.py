"""Models over HTTP: who scores, every card, into the shadow and out of it, and back to the model before."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from models import registry
from models.features.catalogue import FEATURES
from service.storage.memory import MemoryStore
from service.usecases.keep_models import KeepModels

CATALOGUE = [feature.name for feature in FEATURES]


@pytest.fixture
def registered(rebuilt_api: Callable[..., Any], tmp_path: Path) -> Any:
    """An API over a registry with one model, the shipped one's bytes under another name."""
    shipped = registry.baseline_card()
    model = (resources.files("models.baseline") / registry.MODEL_FILE).read_bytes()
    registry.save(tmp_path, model=model, card=shipped.model_copy(update={"version": "mine"}))
    api = rebuilt_api(models=KeepModels(MemoryStore().begin, tmp_path, CATALOGUE))
    api.directory = tmp_path
    return api


def test_the_registry_is_listed_with_who_scores(registered: Any) -> None:
    before = registered.get("/v1/models").json["items"]
    registry.promote(registered.directory, "mine", catalogue=CATALOGUE)
    after = registered.get("/v1/models").json["items"]

    shipped = registry.baseline_card().version
    assert [(each["version"], each["champion"]) for each in before] == [(shipped, True), ("mine", False)]
    assert [(each["version"], each["champion"]) for each in after] == [(shipped, False), ("mine", True)]


@pytest.mark.parametrize("version", ["mine", "baseline"])
def test_a_card_is_read_whole(registered: Any, version: str) -> None:
    answer = registered.get(f"/v1/models/{version}")

    assert answer.status_code == 200
    assert answer.json["card"]["model_sha256"] == answer.json["sha256"]
    assert len(answer.json["card"]["features"]) == len(registry.baseline_card().features)


@pytest.mark.parametrize("version", ["other", "..", "active.json", "-", "x" * 300])
def test_an_unknown_model_is_not_found(registered: Any, version: str) -> None:
    assert registered.get(f"/v1/models/{version}").status_code == 404
    assert registered.post(f"/v1/models/{version}/shadow").status_code == 404


def test_a_model_goes_into_the_shadow_once_and_out_of_it(registered: Any) -> None:
    started = registered.post("/v1/models/mine/shadow")
    again = registered.post("/v1/models/mine/shadow")
    listed = registered.get("/v1/models").json["items"]
    stopped = registered.delete("/v1/models/mine/shadow")
    not_there = registered.delete("/v1/models/mine/shadow")

    assert (started.status_code, again.status_code) == (200, 409)
    assert started.json["shadow_since"] is not None
    assert [each["shadow_since"] is None for each in listed] == [True, False]
    assert (stopped.status_code, stopped.json["shadow_since"], not_there.status_code) == (200, None, 404)


def test_back_to_the_model_before_or_a_clear_refusal(registered: Any) -> None:
    nothing = registered.post("/v1/models/rollback")
    registry.promote(registered.directory, "mine", catalogue=CATALOGUE)
    back = registered.post("/v1/models/rollback")

    assert nothing.status_code == 409
    assert "nothing to roll back to" in nothing.json["detail"]
    assert (back.status_code, back.json["version"]) == (200, registry.baseline_card().version)
    assert registry.active(registered.directory).version is None


def test_models_are_the_administrators(registered: Any) -> None:
    token = registered.key("signups", "review", "outcomes")

    assert registered.get("/v1/models", token=token).status_code == 403
    assert registered.post("/v1/models/mine/shadow", token=token).status_code == 403
