"""The model card: what a trained model is, what it learnt from, how good it was, and what it must not be used for."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from models.calibration import Calibration

FORMAT: Literal[1] = 1
"""The card format written by this release; a card of a later format is refused, not guessed at."""

Version = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class CardInvalidError(ValueError):
    """The card cannot be read, was altered, or contradicts itself."""


class NewerFormatError(CardInvalidError):
    """The card was written by a later release than this one."""


class DataSource(StrEnum):
    """Where the training rows came from."""

    SIMULATED = "simulated"
    RECORDED = "recorded"
    TABLE = "table"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FeatureEntry(_Part):
    """One feature; ``direction`` is its monotone constraint (1 riskier as it grows, -1 safer, 0 free)."""

    name: str
    direction: Literal[-1, 0, 1]


class DataWindow(_Part):
    """What the model learnt from. The digest is that of the whole data set before it was split.

    ``learnt_until`` is the time of the last row that growing, stopping or calibrating looked at: later ones are new
    to the model. ``None`` in cards that were written before it was noted.
    """

    source: DataSource
    description: str
    first: AwareDatetime
    last: AwareDatetime
    learnt_until: AwareDatetime | None = None
    rows: int = Field(ge=0)
    fraud: int = Field(ge=0)
    training_rows: int = Field(ge=0)
    held_out: tuple[str, ...] = ()
    sha256: Sha256


class Knots(_Part):
    """The calibration; see ``models.calibration.Calibration``."""

    method: str
    margins: tuple[Finite, ...]
    log_odds: tuple[Finite, ...]

    @model_validator(mode="after")
    def _is_a_calibration(self) -> Self:
        self.calibration()
        return self

    def calibration(self) -> Calibration:
        """The map that serves."""
        return Calibration(self.margins, self.log_odds)


class Metric(_Part):
    """One figure with its 95 % bootstrap interval; ``None`` where it could not be computed."""

    name: str
    value: Finite | None
    low: Finite | None = None
    high: Finite | None = None


class SliceEntry(_Part):
    """The figures of one group of sign-ups, such as ``account_type = research``."""

    column: str
    value: str
    rows: int
    fraud: int
    metrics: tuple[Metric, ...]


class Card(_Part):
    """The whole card; written beside the model as ``card.json``.

    ``metrics`` rank and calibrate, ``robustness`` is what is lost under omission, noise, without linkage and at other
    prevalences, ``operations`` is what decisions by the policy's score lines cost whom, and ``worlds`` holds the main
    figures of each world that the model was judged on when there were several.
    """

    format: Literal[1] = FORMAT
    version: Version
    created: AwareDatetime
    summary: str
    features: tuple[FeatureEntry, ...] = Field(min_length=1)
    seed: int
    settings: dict[str, Finite | int | str | bool] = {}
    data: DataWindow
    model_sha256: Sha256
    calibration: Knots
    metrics: tuple[Metric, ...] = ()
    slices: tuple[SliceEntry, ...] = ()
    robustness: tuple[Metric, ...] = ()
    operations: tuple[Metric, ...] = ()
    worlds: tuple[SliceEntry, ...] = ()
    intended_use: str
    limits: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_each_feature_once(self) -> Self:
        names = self.feature_names
        if len(set(names)) != len(names):
            raise ValueError("a feature is named twice")
        return self

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features in the booster's order."""
        return tuple(feature.name for feature in self.features)

    def to_json(self) -> bytes:
        """The card as stored: readable JSON that carries the digest of the rest of itself."""
        content = self.model_dump(mode="json")
        return json.dumps({**content, "card_sha256": _digest(content)}, indent=1, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_json(cls, stored: bytes) -> Card:
        """Read a stored card.

        Raises:
            NewerFormatError: of a later format.
            CardInvalidError: not a card, or changed since it was written (the knots it holds decide scores).
        """
        try:
            content = json.loads(stored)
        except ValueError as error:
            raise CardInvalidError(f"the card is not JSON: {error}") from error
        if not isinstance(content, dict):
            raise CardInvalidError("the card is not a JSON object")
        written = content.get("format")
        if isinstance(written, int) and written > FORMAT:
            raise NewerFormatError(f"the card has format {written}, this release reads up to {FORMAT}: upgrade first")
        claimed = content.pop("card_sha256", None)
        if claimed != _digest(content):
            raise CardInvalidError("the card does not have the digest it names: it was damaged or edited")
        try:
            return cls.model_validate_json(json.dumps(content))
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "card"
            raise CardInvalidError(f"the card is not valid: {where}: {first['msg']}") from error

    def mean_and_worst(self) -> Iterator[tuple[str, float, float]]:
        """Over the worlds: each figure's name, its mean and its worst value."""
        for name in dict.fromkeys(metric.name for world in self.worlds for metric in world.metrics):
            values = [
                metric.value
                for world in self.worlds
                for metric in world.metrics
                if metric.name == name and metric.value is not None
            ]
            if values:
                yield name, sum(values) / len(values), _worst(name, values)

    def worlds_with(self, name: str) -> int:
        """How many worlds a figure was measured on."""
        return sum(any(each.name == name and each.value is not None for each in world.metrics) for world in self.worlds)

    def lines(self) -> Iterator[str]:
        """The card for people, line by line."""
        yield f"{self.version}: {self.summary}"
        yield f"  created   {self.created:%Y-%m-%d %H:%M} UTC, seed {self.seed}, {len(self.features)} features"
        yield (
            f"  data      {self.data.source.value}: {self.data.description}; {self.data.rows:,} rows, "
            f"{self.data.fraud:,} fraud, {self.data.first:%Y-%m-%d} to {self.data.last:%Y-%m-%d}"
        )
        for metrics in (self.metrics, self.operations, self.robustness):
            yield from metric_lines(metrics)
        for metric, mean, worst in self.mean_and_worst():
            yield f"  {f'{metric}, {self.worlds_with(metric)} worlds':<58} mean {mean:.4f}, worst {worst:.4f}"
        yield f"  use       {self.intended_use}"
        for limit in self.limits:
            yield f"  limit     {limit}"


def metric_lines(metrics: Iterable[Metric]) -> Iterator[str]:
    """Figures for people, one a line."""
    return (f"  {metric.name:<58} {_figure(metric)}" for metric in metrics)


_LESS_IS_BETTER = (
    "brier", "calibration_error", "honest_", "classroom_", "accounts_let_in_", "operators_never_stopped",
    "challenges_per_", "reviews_per_", "denials_per_",
)  # fmt: skip


def _worst(name: str, values: list[float]) -> float:
    if name.startswith(_LESS_IS_BETTER):
        return max(values)
    if name == "calibration_slope":
        return max(values, key=lambda value: abs(value - 1))
    if name in ("calibration_intercept", "calibration_in_the_large"):
        return max(values, key=abs)
    return min(values)


def _digest(content: dict[str, object]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _figure(metric: Metric) -> str:
    if metric.value is None or not math.isfinite(metric.value):
        return "not measured"
    if metric.low is None or metric.high is None:
        return f"{metric.value:.4f}"
    return f"{metric.value:.4f}  ({metric.low:.4f} to {metric.high:.4f})"
