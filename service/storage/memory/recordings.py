"""Recorded sign-ups in memory, from the first to the last."""

from __future__ import annotations

from collections.abc import Iterator

from service.domain.decision import Assessment
from service.storage.memory.shelves import Shelves
from service.usecases.ports_recordings import FirstDecision, RecordedSignup


class MemoryRecordings:
    """See ``service.usecases.ports_recordings.Recordings``."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def stream(self) -> Iterator[RecordedSignup]:
        """See the port."""
        with self._shelves.lock:
            ordered = sorted(self._shelves.signups.values(), key=lambda kept: (kept.record.recorded_at, kept.signup_no))
            found = [kept.recorded() for kept in ordered]
        for each in found:
            first = _first(each.assessments[0]) if each.assessments else None
            yield RecordedSignup(each.id, each.signup_no, each.recorded_at, each.signup, first)


def _first(assessment: Assessment) -> FirstDecision:
    return FirstDecision(assessment.decision, assessment.score, assessment.vector, assessment.explored)
