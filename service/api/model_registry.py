"""The endpoints about models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any  # the parts of an answer, before its schema has checked them

from flask import Response

from service.api.paths import JSON
from service.api.schemas.model import ModelCardAnswer, ModelsAnswer, ModelSummaryAnswer
from service.domain.caller import Caller
from service.usecases.keep_models import KeepModels, ModelView


@dataclass(frozen=True, slots=True)
class ModelEndpoints:
    """The handlers; each takes the caller, already authenticated and allowed in."""

    registry: KeepModels
    clock: Callable[[], datetime]

    def list(self, caller: Caller) -> Response:
        """Every model."""
        del caller
        items = tuple(ModelSummaryAnswer(**_summary(each)) for each in self.registry.all())
        return Response(ModelsAnswer(items=items).model_dump_json(), content_type=JSON)

    def read(self, caller: Caller, version: str) -> Response:
        """One card."""
        del caller
        return _answer(self.registry.one(version))

    def start_shadow(self, caller: Caller, version: str) -> Response:
        """Into the shadow."""
        return _answer(self.registry.start_shadow(version, actor=f"key:{caller.key_id}", now=self.clock()))

    def stop_shadow(self, caller: Caller, version: str) -> Response:
        """Out of it."""
        return _answer(self.registry.stop_shadow(version, actor=f"key:{caller.key_id}", now=self.clock()))

    def roll_back(self, caller: Caller) -> Response:
        """Back to the model before."""
        return _answer(self.registry.roll_back(actor=f"key:{caller.key_id}", now=self.clock()))


def _answer(view: ModelView) -> Response:
    return Response(ModelCardAnswer(**_summary(view), card=view.card).model_dump_json(), content_type=JSON)


def _summary(view: ModelView) -> dict[str, Any]:
    card = view.card
    return {
        "version": card.version,
        "sha256": card.model_sha256,
        "created_at": card.created,
        "summary": card.summary,
        "champion": view.champion,
        "shadow_since": view.shadow_since,
        "shipped": view.shipped,
    }
