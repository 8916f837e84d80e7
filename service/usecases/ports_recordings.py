"""What rebuilding needs from a store: every recorded sign-up with what was logged of its first decision."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from models.frozen import frozen
from models.signup import Signup
from service.domain.decision import Decision, Explored


@frozen
class FirstDecision:
    """The decision whose outcome was awaited, without the documents about it, which are most of its size.

    Attributes:
        vector: the float32 features, little-endian; ``None`` when it was decided without.
        explored: the draw, where there was one.
    """

    decision: Decision
    score: float | None
    vector: bytes | None
    explored: Explored | None


@frozen
class RecordedSignup:
    """One recorded sign-up; ``first`` is ``None`` when it was recorded without a decision. It holds personal data."""

    id: str
    signup_no: int
    recorded_at: datetime
    signup: Signup
    first: FirstDecision | None


class Recordings(Protocol):
    """Recorded sign-ups, read from the first to the last."""

    def stream(self) -> Iterable[RecordedSignup]:
        """Every one in (recorded, id) order; reads in bounded pages."""
        ...
