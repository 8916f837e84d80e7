"""What the operations about models answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from models.card import Card
from service.api.schemas.decision import Answered


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
