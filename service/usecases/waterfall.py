"""The waterfall of a score: from where every sign-up starts, reason by reason, to this one's log-odds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.features.catalogue import FEATURES
from models.reasons import strongest_reasons
from models.registry import LoadedModel
from service.domain.decision import Assessment
from service.usecases.judge import reference_of

REASONS_SHOWN = 40
"""Either way: whatever is noticeable at all. An answer names the strongest; a reviewer sees everything."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: a reason in words, and what it adds to the log-odds. ``code`` is ``None`` for the small rest."""

    code: str | None
    group: str
    text: str
    contribution: float


@dataclass(frozen=True, slots=True)
class FeatureShare:
    """One number the model read: its meaning, its value (``None``: missing) and what it added."""

    name: str
    group: str
    meaning: str
    value: float | None
    contribution: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """``base + sum(bars) == total``, all in log-odds before calibration; features by weight."""

    base: float
    bars: tuple[Bar, ...]
    total: float
    features: tuple[FeatureShare, ...]


def waterfall_of(assessment: Assessment, model: LoadedModel | None) -> Waterfall | None:
    """The waterfall of an assessment; ``None`` when the model that scored it is not the one in force.

    Only the very model that scored can explain, and only a vector of today's features can be read.
    """
    if assessment.vector is None or model is None or assessment.model != reference_of(model):
        return None
    vector = np.frombuffer(assessment.vector, dtype="<f4").astype(np.float32)
    if len(vector) != len(FEATURES):
        return None
    explanation = model.scorer.explain(vector)
    bars = [
        Bar(each.code, each.group, each.text, each.contribution)
        for each in strongest_reasons(explanation.contributions, vector, raising=REASONS_SHOWN, lowering=REASONS_SHOWN)
    ]
    rest = explanation.score.margin - explanation.base - sum(bar.contribution for bar in bars)
    bars.append(Bar(None, "", "Everything else, each of little weight.", rest))
    shares = [
        FeatureShare(
            name=feature.name,
            group=feature.group.value,
            meaning=feature.meaning,
            value=None if math.isnan(value) else float(value),
            contribution=weight,
        )
        for feature, value, weight in zip(FEATURES, vector, explanation.contributions, strict=True)
    ]
    shares.sort(key=lambda each: -abs(each.contribution))
    return Waterfall(explanation.base, tuple(bars), explanation.score.margin, tuple(shares))
