"""The endpoints about models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any  # the parts of an answer, before its schema has checked them

from flask import Response, request

from service.api.json_body import BODY_LIMIT, decode, read_body
from service.api.paths import JSON
from service.api.schemas.model import (
    ModelCardAnswer,
    ModelsAnswer,
    ModelSummaryAnswer,
    OverrideAnswer,
    PromoteRequest,
)
from service.api.validation import validate
from service.domain.caller import Caller
from service.usecases.keep_models import KeepModels, ModelView
from service.usecases.promote_judged import OverrideRequest

_ACCEPTED = 202


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

    def promote(self, caller: Caller, version: str) -> Response:
        """Make it score, or ask a second person to override its gates."""
        now, actor = self.clock(), f"key:{caller.key_id}"
        asked = validate(PromoteRequest, decode(read_body(request, limit=BODY_LIMIT, media_types=(JSON,))), now=now)
        if not asked.override:
            return _answer(self.registry.promote(version, actor=actor, now=now))
        found = self.registry.override(version, reason=asked.reason or "", actor=actor, now=now)
        return _waiting(version, found) if isinstance(found, OverrideRequest) else _answer(found)

    def roll_back(self, caller: Caller) -> Response:
        """Back to the model before."""
        return _answer(self.registry.roll_back(actor=f"key:{caller.key_id}", now=self.clock()))


def _answer(view: ModelView) -> Response:
    answer = ModelCardAnswer(**_summary(view), card=view.card, judgement=view.judgement)
    return Response(answer.model_dump_json(), content_type=JSON)


def _waiting(version: str, asked: OverrideRequest) -> Response:
    answer = OverrideAnswer(
        version=version,
        requested_by=asked.by,
        requested_at=asked.at,
        expires_at=asked.until,
        reason=asked.reason,
    )
    return Response(answer.model_dump_json(), _ACCEPTED, content_type=JSON)


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
