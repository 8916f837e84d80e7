"""What the learning loop needs from outside: decisions with their vectors, challengers in the shadow, drift reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.signup import AccountType
from service.domain.decision import Decision, ModelReference


@dataclass(frozen=True, slots=True)
class Judged:
    """One assessment as it was logged, without anything personal."""

    assessment_id: str
    signup_no: int
    signup_id: str
    occurred_at: datetime
    decided_at: datetime
    account_type: AccountType
    decision: Decision
    score: float | None
    vector: bytes | None
    model: ModelReference | None
    linkage: Mapping[str, Mapping[str, int]]


class Judgements(Protocol):
    """Recorded assessments, to score again and to compare."""

    def after_seal(self, seal_no: int) -> tuple[int, Sequence[Judged]]:
        """The assessments under the next seal of the audit record, and its number; the same number at the end.

        Every assessment commits with an audit entry, and an entry is sealed once, when no earlier one can still be
        on its way: whoever follows the seals misses nothing and sees nothing twice, however late a commit was.
        """
        ...

    def newest_seal(self) -> int:
        """The number of the newest seal; 0 before the first."""
        ...

    def of_model(self, version: str, *, most: int) -> Sequence[Judged]:
        """The newest assessments that a model scored."""
        ...

    def sample(self, *, recorded_from: datetime, recorded_before: datetime, most: int) -> Sequence[Judged]:
        """The first assessments of sign-ups recorded in a span, evenly thinned to ``most`` at most, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Shadow:
    """A challenger that scores beside the champion and decides nothing. ``seal_no`` is how far it has come."""

    model: ModelReference
    started_at: datetime
    seal_no: int
    stopped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShadowScore:
    """What a challenger made of one assessment, and what would have been decided."""

    assessment_id: str
    signup_no: int
    score: float
    decision: Decision


@dataclass(frozen=True, slots=True)
class ShadowPair:
    """One assessment as the champion decided it and as the challenger would have."""

    judged: Judged
    score: float
    decision: Decision


class Shadows(Protocol):
    """Challengers in the shadow and their scores."""

    def start(self, model: ModelReference, *, at: datetime, seal_no: int) -> None:
        """Stage the start of a shadow.

        Raises (from ``commit``):
            ConflictError: that version is in the shadow already.
        """
        ...

    def stop(self, version: str, *, at: datetime) -> bool:
        """Stage the end of a version's shadow; false when it is in none."""
        ...

    def running(self) -> Sequence[Shadow]:
        """Those that have not been stopped, oldest first."""
        ...

    def add(self, shadow: Shadow, scores: Sequence[ShadowScore], *, seal_no: int, at: datetime) -> None:
        """Stage the scores and the step of the cursor to ``seal_no``, both or neither.

        Raises (from ``commit``):
            ConflictError: another worker has taken this step.
        """
        ...

    def pairs(self, version: str, *, after: tuple[int, str] = (0, ""), limit: int = 5_000) -> Sequence[ShadowPair]:
        """The scores of a challenger beside what was decided, by number of the sign-up and id of the assessment.

        Those after a (number, id), ``limit`` at most.
        """
        ...


@dataclass(frozen=True, slots=True)
class DriftReport:
    """A drift report as it is kept: a JSON document."""

    at: datetime
    document: str


class DriftReports(Protocol):
    """The newest measurement of drift, kept for gauges and pages."""

    def add(self, report: DriftReport) -> None:
        """Stage a report; it takes the place of the earlier ones."""
        ...

    def newest(self) -> DriftReport | None:
        """The newest report."""
        ...
