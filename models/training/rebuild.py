"""Rebuilding a model from its card: the same data and settings must give the same bytes."""

from __future__ import annotations

from dataclasses import dataclass

from models.boosting import xgboost
from models.card import Card
from models.registry import digest_of
from models.training.dataset import Dataset, DatasetError
from models.training.fit import Engine, fit
from models.training.progress import Progress, silent
from models.training.splits import split_by_time
from models.training.train import XGBOOST, TrainSettings, grow


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The bytes that came out, and what differs from the card; nothing when it is the very model."""

    booster: bytes
    differences: tuple[str, ...]


def rebuild(dataset: Dataset, card: Card, *, engine: Engine = fit, progress: Progress = silent) -> Rebuilt:
    """Train again as the card says.

    Args:
        dataset: what the card's model learnt from, as it was kept.
        card: whose model.
        engine: what grows the trees; the one that grew the model.
        progress: told of each stage.

    Raises:
        DatasetError: the data are not those of the card, or the card does not name every setting.
    """
    settings = TrainSettings.of_card(card)
    held_out = dataset.holding_out(card.data.held_out) if dataset.held_out is not None else dataset
    if held_out.sha256() != card.data.sha256:
        raise DatasetError(
            f"{dataset.description} is not what {card.version} learnt from: its digest is {held_out.sha256()}, "
            f"the card names {card.data.sha256}"
        )
    split = split_by_time(held_out.times, held_out.entities, shares=settings.shares, gap_days=settings.gap_days)
    grown = grow(held_out, split, settings, engine=engine, progress=progress)
    return Rebuilt(grown.booster, tuple(_differences(card, digest_of(grown.booster), grown.knots == card.calibration)))


def _differences(card: Card, digest: str, same_calibration: bool) -> list[str]:  # noqa: FBT001 - one call, beside it
    found = []
    if digest != card.model_sha256:
        found.append(f"the model's digest is {digest}, the card names {card.model_sha256}")
    if not same_calibration:
        found.append("the calibration has other knots than the card's")
    grown_by = card.settings.get(XGBOOST)
    if found and grown_by != xgboost.__version__:
        found.append(f"it was grown by XGBoost {grown_by or 'of a release not noted'}, here is {xgboost.__version__}")
    return found
