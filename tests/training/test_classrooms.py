"""Whole classes in the report: how many of sixty pupils are asked, on average and in the worst class."""

from __future__ import annotations

import numpy as np
import pytest

from models.card import DataSource, FeatureEntry
from models.evaluation.lines import Lines
from models.evaluation.operations import Operations, operate
from models.training.dataset import Dataset

LINES = {"educational": Lines(0.1, 0.5, 0.9)}
CLASS_OF = np.repeat([1, 2, 3, -1], [30, 40, 5, 25])


@pytest.fixture
def found() -> Operations:
    """A listed class of 30, an unlisted one of 40, one of which only five are in the data, and other people."""
    rows = len(CLASS_OF)
    scores = np.full(rows, 0.01)
    scores[:3] = 0.2
    scores[30:50] = 0.2
    scores[30:32] = 0.6
    scores[70:75] = 0.7
    dataset = Dataset(
        features=(FeatureEntry(name="f", direction=0),),
        matrix=np.zeros((rows, 1), np.float32),
        labels=np.zeros(rows, np.int8),
        truth=np.zeros(rows, np.int8),
        times=np.datetime64("2026-01-01", "us") + np.arange(rows) * np.timedelta64(1, "s"),
        entities=CLASS_OF.astype(np.int64),
        source=DataSource.SIMULATED,
        description="classes",
        slices={
            "account type": np.full(rows, "educational"),
            "kind": np.where(CLASS_OF > 0, "H4", "H1"),
            "institution listed": np.where(CLASS_OF == 1, "yes", "no"),
        },
    )
    operations = operate(dataset, scores, LINES)
    assert operations is not None
    return operations


def test_classes_are_told_of_sixty_pupils(found: Operations) -> None:
    figures = {each.name: each.value for each in found.metrics if each.name.startswith("classroom")}

    assert figures == {
        "classroom_classes": 2,
        "classroom_asked_of_60": 18.0,
        "classroom_asked_of_60_worst_class": 30.0,
        "classroom_held_of_60": 1.5,
        "classroom_held_of_60_worst_class": 3.0,
        "classroom_unlisted_classes": 1,
        "classroom_unlisted_asked_of_60": 30.0,
        "classroom_unlisted_asked_of_60_worst_class": 30.0,
        "classroom_unlisted_held_of_60": 3.0,
        "classroom_unlisted_held_of_60_worst_class": 3.0,
    }


def test_classrooms_have_rows_of_their_own_among_honest_people(found: Operations) -> None:
    rates = {each.group: each for each in found.rates if each.column == "classroom"}

    assert set(rates) == {"at a listed school", "at an unlisted school"}
    assert (rates["at a listed school"].honest, rates["at a listed school"].step_up) == (30, 0.1)
