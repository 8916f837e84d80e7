"""The learning loop in memory: recorded assessments, challengers in the shadow, drift reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.decision import Assessment, ModelReference
from service.domain.errors import ConflictError
from service.storage.instants import microseconds_of
from service.storage.memory.shelves import Kept, Shelves, Undo, Write
from service.usecases.ports_learning import DriftReport, Judged, Shadow, ShadowPair, ShadowScore


class MemoryJudgements:
    """See ``service.usecases.ports_learning.Judgements``."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def after_seal(self, seal_no: int) -> tuple[int, Sequence[Judged]]:
        """See the port."""
        with self._shelves.lock:
            seal = next((each for each in self._shelves.seals if each.seal_no > seal_no), None)
            if seal is None:
                return seal_no, ()
            found: dict[str, Judged] = {}
            for entry in self._shelves.chained(seal.first_id, seal.last_id):
                number = self._shelves.by_id.get(entry.subject)
                if number is not None:
                    for each in _judged(self._shelves.signups[number]):
                        if microseconds_of(each.decided_at) == entry.at_us:
                            found[each.assessment_id] = each
            return seal.seal_no, tuple(found.values())

    def newest_seal(self) -> int:
        """See the port."""
        with self._shelves.lock:
            return self._shelves.seals[-1].seal_no if self._shelves.seals else 0

    def of_model(self, version: str, *, most: int) -> Sequence[Judged]:
        """See the port."""
        with self._shelves.lock:
            scored = [
                each
                for kept in self._shelves.signups.values()
                for each in _judged(kept)
                if each.model is not None and each.model.version == version
            ]
        scored.sort(key=lambda each: (each.signup_no, each.assessment_id), reverse=True)
        return tuple(scored[:most])

    def sample(self, *, recorded_from: datetime, recorded_before: datetime, most: int) -> Sequence[Judged]:
        """See the port."""
        with self._shelves.lock:
            span = [
                kept
                for kept in self._shelves.signups.values()
                if recorded_from <= kept.record.recorded_at < recorded_before
            ]
            step = max(1, -(-len(span) // most))
            span.sort(key=lambda kept: (kept.record.recorded_at, kept.signup_no))
            firsts = [next(_judged(kept), None) for kept in span if kept.signup_no % step == 0]
        return tuple(each for each in firsts if each is not None)[:most]


class MemoryShadows:
    """See ``service.usecases.ports_learning.Shadows``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def start(self, model: ModelReference, *, at: datetime, seal_no: int) -> None:
        """See the port."""

        def write() -> Undo:
            if any(each.model.version == model.version for each in self.running()):
                raise ConflictError("That model is in the shadow already.")
            return self._replaced([*self._shelves.shadows, Shadow(model, at, seal_no)])

        self._staged.append(write)

    def stop(self, version: str, *, at: datetime) -> bool:
        """See the port."""

        def write() -> Undo:
            return self._replaced(
                [
                    replace(each, stopped_at=at) if each.model.version == version and each.stopped_at is None else each
                    for each in self._shelves.shadows
                ]
            )

        if all(each.model.version != version for each in self.running()):
            return False
        self._staged.append(write)
        return True

    def running(self) -> Sequence[Shadow]:
        """See the port."""
        with self._shelves.lock:
            return tuple(each for each in self._shelves.shadows if each.stopped_at is None)

    def add(self, shadow: Shadow, scores: Sequence[ShadowScore], *, seal_no: int, at: datetime) -> None:
        """See the port."""
        del at

        def write() -> Undo:
            if shadow not in self._shelves.shadows:
                raise ConflictError("Another worker has scored these sign-ups in the shadow meanwhile.")
            known = {(shadow.model.version, each.signup_no, each.assessment_id): each for each in scores}
            before = self._shelves.shadow_scores
            self._shelves.shadow_scores = before | known
            undo_step = self._replaced(
                [replace(each, seal_no=seal_no) if each == shadow else each for each in self._shelves.shadows]
            )

            def undo() -> None:
                undo_step()
                self._shelves.shadow_scores = before

            return undo

        self._staged.append(write)

    def pairs(self, version: str, *, after: tuple[int, str] = (0, ""), limit: int = 5_000) -> Sequence[ShadowPair]:
        """See the port."""
        with self._shelves.lock:
            found = []
            for (of, signup_no, assessment_id), score in sorted(self._shelves.shadow_scores.items()):
                if of == version and (signup_no, assessment_id) > after:
                    judged = {each.assessment_id: each for each in _judged(self._shelves.signups[signup_no])}
                    found.append(ShadowPair(judged[assessment_id], score.score, score.decision))
            return tuple(found[:limit])

    def _replaced(self, shadows: list[Shadow]) -> Undo:
        before, self._shelves.shadows = self._shelves.shadows, shadows

        def undo() -> None:
            self._shelves.shadows = before

        return undo


class MemoryDriftReports:
    """See ``service.usecases.ports_learning.DriftReports``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, report: DriftReport) -> None:
        """See the port."""

        def write() -> Undo:
            before, self._shelves.drift_report = self._shelves.drift_report, report

            def undo() -> None:
                self._shelves.drift_report = before

            return undo

        self._staged.append(write)

    def newest(self) -> DriftReport | None:
        """See the port."""
        with self._shelves.lock:
            return self._shelves.drift_report


def _judged(kept: Kept) -> Iterator[Judged]:
    """The assessments of a sign-up, oldest first."""

    def place(each: Assessment) -> tuple[datetime, str]:
        return each.decided_at, each.id

    for each in sorted(kept.assessments, key=place):
        yield Judged(
            assessment_id=each.id,
            signup_no=kept.signup_no,
            signup_id=kept.record.signup.signup_id,
            occurred_at=kept.record.signup.occurred_at,
            decided_at=each.decided_at,
            account_type=kept.record.signup.account_type,
            decision=each.decision,
            score=each.score,
            vector=each.vector,
            model=each.model,
            linkage=each.linkage,
        )
