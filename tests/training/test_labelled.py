"""From decisions to labels: what is too young is left out, so that the newest rows are those one can judge by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from models.training.labelled import LabelChoice, labelled_from_recorded
from models.training.labels import Grade, LabelRow
from models.training.recorded import RecordedRow
from models.training.train import TrainSettings

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def decided(days_ago: int) -> RecordedRow:
    when = NOW - timedelta(days=days_ago)
    return RecordedRow(f"su_{days_ago}", when, "educational", "allow", 0.1, ("a",), np.zeros(1, np.float32))


def test_the_newest_row_is_one_whose_outcome_counts() -> None:
    said = [LabelRow("su_5", "fraud", "partner", Grade.CONFIRMED, NOW - timedelta(days=4))]

    found = labelled_from_recorded(
        [decided(days) for days in range(1, 31)],
        said,
        LabelChoice(NOW, ripening=timedelta(days=10), survivor_weight=0.5),
        description="invented",
        settings=TrainSettings(),
    )

    assert (len(found.dataset), found.young) == (21, 9)
    assert (found.dataset.labels == 0).all(), "what became known of the young is not used either"
    assert "9 left out: too young" in next(found.lines())


def test_where_nobody_is_old_enough_the_rows_stay_and_are_unknown() -> None:
    found = labelled_from_recorded(
        [decided(days) for days in range(1, 5)],
        [],
        LabelChoice(NOW),
        description="invented",
        settings=TrainSettings(),
    )

    assert found.dataset.labels.tolist() == [-1] * 4
