"""The newest slice: the rows by which two models are compared, new to both of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.card import Card, DataSource
from models.training.dataset import Dataset, DatasetError

NEWEST_SHARE = 0.15
"""Of rows in time order: the share that training leaves to judge on by default."""

FEWEST_HONEST = 500
FEWEST_FRAUD = 50
"""With fewer rows the intervals say nothing: one false positive in a hundred would be five people."""


def newest_slice(dataset: Dataset, cards: Sequence[Card], *, share: float = NEWEST_SHARE) -> Dataset:
    """The last ``share`` of the rows whose outcome is known, without what either model may have learnt from.

    Raises:
        DatasetError: too few rows are left to judge by.
    """
    rows = np.flatnonzero(dataset.truth >= 0)
    rows = rows[len(rows) - int(np.ceil(share * len(rows))) :]
    digest = dataset.sha256()
    for card in cards:
        if _may_share_rows(dataset, digest, card):
            until = (card.data.learnt_until or card.data.last).replace(tzinfo=None)
            rows = rows[dataset.times[rows] > np.datetime64(until, "us")]
    honest, fraud = (int((dataset.truth[rows] == label).sum()) for label in (0, 1))
    if honest < FEWEST_HONEST or fraud < FEWEST_FRAUD:
        raise DatasetError(
            f"the newest slice of {dataset.description} holds {honest:,} legitimate and {fraud:,} fraudulent rows that "
            f"are new to both models, too few to judge: {FEWEST_HONEST} and {FEWEST_FRAUD} are needed"
        )
    return dataset.take(rows)


def _may_share_rows(dataset: Dataset, digest: str, card: Card) -> bool:
    """Exports of one service overlap; a simulated world is either the very one or another."""
    if dataset.source is DataSource.SIMULATED:
        return card.data.sha256 == digest
    return card.data.source is dataset.source
