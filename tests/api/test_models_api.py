"""Models over HTTP: who scores, every card, into the shadow and out of it, forth on a judgement and back again."""

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
    assert registered.post(f"/v1/models/{version}/promote", json={}).status_code == 404
    assert registered.post(f"/v1/models/{version}/promote", json={"override": True, "reason": "r"}).status_code == 404


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


def test_a_model_whose_gates_held_is_promoted_once(registered: Any, keep_judged: Callable[..., None]) -> None:
    unjudged = registered.post("/v1/models/mine/promote", json={})
    keep_judged(registered.directory, "mine", at=registered.clock())
    read = registered.get("/v1/models/mine").json["judgement"]
    promoted = registered.post("/v1/models/mine/promote", json={})
    again = registered.post("/v1/models/mine/promote", json={})

    assert unjudged.status_code == 409
    assert "run gatehouse model promote mine --on DATA --judge-only" in unjudged.json["detail"]
    assert read["champion"]["sha256"] == registry.baseline_card().model_sha256
    assert [each["holds"] for each in read["gates"]] == [True, True]
    assert (promoted.status_code, promoted.json["champion"]) == (200, True)
    assert registry.active(registered.directory).version == "mine"
    assert (again.status_code, again.json["detail"]) == (409, "mine scores already.")


def test_a_refused_model_needs_two_keys_and_a_reason(registered: Any, keep_judged: Callable[..., None]) -> None:
    keep_judged(registered.directory, "mine", "calibration", at=registered.clock())
    wanted, second = {"override": True, "reason": "a ring that the champion misses"}, registered.key("admin")

    refused = registered.post("/v1/models/mine/promote", json={})
    without = registered.post("/v1/models/mine/promote", json={"override": True})
    asked = registered.post("/v1/models/mine/promote", json=wanted)
    again = registered.post("/v1/models/mine/promote", json=wanted)
    before = registry.active(registered.directory).version
    done = registered.post("/v1/models/mine/promote", json=wanted, token=second)

    assert (refused.status_code, "refused by calibration" in refused.json["detail"]) == (409, True)
    assert (without.status_code, without.json["errors"][0]["pointer"]) == (422, "/reason")
    assert (asked.status_code, again.status_code, before) == (202, 202, None)
    assert asked.json == again.json
    assert asked.json["reason"] == wanted["reason"]
    assert (done.status_code, done.json["champion"]) == (200, True)
    assert registry.active(registered.directory).version == "mine"


@pytest.mark.parametrize("body", [{"overide": True}, {"override": "yes"}, {"reason": ""}, []])
def test_what_a_promotion_does_not_know_is_refused(registered: Any, body: Any) -> None:
    assert registered.post("/v1/models/mine/promote", json=body).status_code == 422


def test_models_are_the_administrators(registered: Any) -> None:
    token = registered.key("signups", "review", "outcomes")

    assert registered.get("/v1/models", token=token).status_code == 403
    assert registered.post("/v1/models/mine/shadow", token=token).status_code == 403
    assert registered.post("/v1/models/mine/promote", json={}, token=token).status_code == 403
