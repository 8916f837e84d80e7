"""A feature: one function with its group and the direction in which the risk may move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from models.features.facts import Facts


class Group(StrEnum):
    """The groups of features, and so of reasons."""

    IDENTITY = "identity"
    EMAIL = "email"
    PHONE = "phone"
    PAYMENT = "payment"
    DEVICE = "device"
    NETWORK = "network"
    BEHAVIOUR = "behaviour"
    LINKAGE = "linkage"
    CONSISTENCY = "consistency"


class Direction(IntEnum):
    """The monotone constraint: how the risk may move as the feature grows."""

    LOWERS = -1
    FREE = 0
    RAISES = 1


FeatureFunction = Callable[[Facts], float | None]


@dataclass(frozen=True, slots=True)
class Feature:
    """One number the risk model reads. Its name is its function's name; its meaning never changes under it."""

    function: FeatureFunction
    group: Group
    direction: Direction

    @property
    def name(self) -> str:
        """The stable name, as model cards and records hold it."""
        return self.function.__name__

    @property
    def meaning(self) -> str:
        """What it measures, in words a reviewer understands: the docstring's text on one line."""
        return " ".join((self.function.__doc__ or "").split())
