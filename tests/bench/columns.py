"""Columns of rows that are written in bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any  # Any: arrays of many types

import numpy as np

Array = Any


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts or bytes, all of one length, as rows of bytes."""

    rows: Array
    text: bool


Columns = Mapping[str, "Array | Texts | None"]
"""The values of each column; ``None`` where all are NULL."""


def texts(values: Sequence[str]) -> Texts:
    """Texts that are all of one length as a column."""
    rows = np.frombuffer("".join(values).encode(), dtype=np.uint8).reshape(len(values), -1)
    return Texts(rows, text=True)
