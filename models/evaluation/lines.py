"""Score lines: the thresholds of a policy as the evaluation needs them, without the policy's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Line = Literal["step_up", "review", "deny"]


@dataclass(frozen=True, slots=True)
class Lines:
    """The scores from which one account type is challenged, reviewed, denied; ``None`` is never."""

    step_up: float
    review: float
    deny: float | None = None


ScoreLines = Mapping[str, Lines]
"""By account type."""


def or_worse(
    lines: ScoreLines, line: Line, scores: NDArray[np.float64], account_types: NDArray[np.str_]
) -> NDArray[np.bool_]:
    """Which rows reach a line of their account type, or a harsher one."""
    reached = np.zeros(len(scores), bool)
    for account_type, each in lines.items():
        at: float | None = getattr(each, line)
        if at is not None:
            reached |= (account_types == account_type) & (scores >= at)
    return reached
