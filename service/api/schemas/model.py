"""What the operations about models answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from models.card import Card
from models.kept_judgement import KeptJudgement
from service.api.schemas.decision import Answered
from service.api.schemas.fields import Strict, text


class ModelSummaryAnswer(Answered):
    """A model of the registry in a few words."""

    version: str
    sha256: Annotated[str, Field(description="Of the model file, as decisions name it.")]
    created_at: datetime
    summary: str
    champion: Annotated[bool, Field(description="Whether it scores.")]
    shadow_since: Annotated[datetime | None, Field(description="Since when it scores beside the champion.")]
    shipped: Annotated[bool, Field(description="Whether it came with this release.")]


class ModelsAnswer(Answered):
    """Every readable model, the shipped one first."""

    items: tuple[ModelSummaryAnswer, ...]


class ModelCardAnswer(ModelSummaryAnswer):
    """A model with its card: data, settings, figures, limits."""

    card: Card
    judgement: Annotated[
        KeptJudgement | None, Field(description="What the gates said last, against which champion and on which data.")
    ]


class PromoteRequest(Strict):
    """Make the model score; `{}` where every gate held."""

    override: (
        Annotated[bool, Field(description="Although a gate refuses, or without a judgement; two people have to ask.")]
        | None
    ) = None
    reason: (
        Annotated[str, text(500, "Why; needed with 'override'.", example="a ring that the champion misses")] | None
    ) = None


class OverrideAnswer(Answered):
    """An override waits for a second person."""

    version: str
    requested_by: str
    requested_at: datetime
    expires_at: Annotated[datetime, Field(description="Until when somebody else may ask for the same.")]
    reason: str
