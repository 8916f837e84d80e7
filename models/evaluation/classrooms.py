"""Classrooms: what becomes of whole classes, who sign up within minutes behind one address and have done nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from models.card import Metric
from models.evaluation.lines import Line
from models.training.dataset import Dataset

CLASSROOMS = "H4"
CLASS = 60
"""Pupils: figures are told for a class of so many."""

FEWEST_PUPILS = 20
"""A class that the data cut off after a few says nothing of a class."""


def school_lists(dataset: Dataset) -> NDArray[np.str_]:
    """Of each pupil of a class whether the school is on a list; empty for everybody else."""
    nobody = np.full(len(dataset), "", dtype="<U20")
    pupils = (dataset.slices.get("kind", nobody) == CLASSROOMS) & (dataset.truth == 0)
    listed = dataset.slices.get("institution listed", nobody) == "yes"
    return np.where(pupils, np.where(listed, "at a listed school", "at an unlisted school"), "")


def classrooms(dataset: Dataset, met: Mapping[Line, NDArray[np.bool_]]) -> Iterator[Metric]:
    """Of 60 pupils, those asked for proof or worse and those held or worse: on average, and in the worst class.

    A class counts as unlisted when most of its pupils claim a school that no list knows.
    """
    lists = school_lists(dataset)
    classes = [
        rows
        for entity in np.unique(dataset.entities[(lists != "") & (dataset.entities >= 0)]).tolist()
        if len(rows := np.flatnonzero((lists != "") & (dataset.entities == entity))) >= FEWEST_PUPILS
    ]
    unlisted = [rows for rows in classes if float(np.mean(lists[rows] == "at an unlisted school")) > 0.5]
    for name, chosen in (("classroom", classes), ("classroom_unlisted", unlisted)):
        if not chosen:
            continue
        yield Metric(name=f"{name}_classes", value=len(chosen))
        for word, line in (("asked", met["step_up"]), ("held", met["review"])):
            found = [CLASS * float(line[rows].mean()) for rows in chosen]
            yield Metric(name=f"{name}_{word}_of_60", value=round(float(np.mean(found)), 4))
            yield Metric(name=f"{name}_{word}_of_60_worst_class", value=round(max(found), 4))
