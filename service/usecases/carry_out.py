"""Carry out containments: the members they touch are looked at again in batches, and given back when released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from models.linkage.identifier import STRONG_KINDS, counted_once_written
from models.linkage.marks import Mark
from service.domain.containment import Done, Progress, Role, Task
from service.domain.decision import REFUSED, Assessment, Decision, harsher
from service.domain.errors import ConflictError
from service.usecases.branches import HANGS_ON_CONTAINED
from service.usecases.give_back import Made, given_back
from service.usecases.hold_member import held
from service.usecases.judge import Judge
from service.usecases.look_again import look_again
from service.usecases.ports import Begin, Recorded, UnitOfWork
from service.usecases.ports_step_up import StepUpMovedError
from service.usecases.settle_cases import CasesOfBatch
from service.usecases.tell_consequence import TellConsequence

BATCH = 100
"""Members of one transaction: on SQLite nobody else writes while it is written, some ten milliseconds."""
BATCH_ON_A_SERVER = 200
"""Where nobody waits for it: a member costs a fifth less than in the smaller batch, and little less in a larger one."""
BATCHES_A_TURN = 20
"""Seconds of work, beside requests too; see ``service.worker.Job``."""
BATCHES_A_ROUND = 100


@dataclass(frozen=True, slots=True)
class CarryOut:
    """A job of the worker. Every batch is a transaction, so that one that was interrupted goes on where it stopped.

    ``size`` is of a batch.
    """

    begin: Begin
    judge: Judge
    tell: TellConsequence
    size: int = BATCH

    def __call__(self, now: datetime, *, batches: int = BATCHES_A_ROUND) -> int:
        """Do what is to be done, up to so many batches; about how many members."""
        done = 0
        for _ in range(batches):
            batch = self.batch(now)
            done += batch
            if batch < self.size:
                break
        return done

    def turn(self, now: datetime) -> int:
        """A part of it that keeps nobody waiting for long: ``members_a_turn`` of them, unless there are fewer."""
        return self(now, batches=BATCHES_A_TURN)

    @property
    def members_a_turn(self) -> int:
        """How many members one turn is about."""
        return BATCHES_A_TURN * self.size

    def batch(self, now: datetime) -> int:
        """One batch; how many members."""
        with self.begin() as work:
            found = work.containments.tasks(limit=self.size)
            # Of one member the oldest: what is done next about it follows from what is done now.
            tasks = [*{task.touched.signup_no: task for task in reversed(found)}.values()]
            if not self._identifiers_held(tasks, now):
                return 0
            # Read before any history is, so that the one look sees whatever was released by then.
            looked_at = {task.touched.signup_no for task in tasks if task.is_a_look}
            also_owed = set(work.containments.looks_owed(looked_at)).difference(tasks)
            batch = _Batch.of(work, [*tasks, *also_owed], now)
            done = [self._one(batch, task) for task in tasks]
            done += [Done(task, Progress.RESTORED) for task in also_owed if not batch.has_a_case(task)]
            work.containments.done(done)
            # Whoever takes a verdict back waits for what was just done, or it is seen here that he was first.
            work.outcomes.nothing_more_said(batch.made.heard)
            batch.cases.stage(work)
            try:
                work.commit()
            except (ConflictError, StepUpMovedError):
                return 0  # another worker, a person's verdict or a proof was faster
        return self.size if len(tasks) < len(found) else len(found)

    def _identifiers_held(self, tasks: Sequence[Task], now: datetime) -> bool:
        """Hold what those carry who are to be held; false where somebody writes about one of them at this moment.

        What they carried when it was contained is held since then. But they may have learnt something just then, and
        whoever came to the core by what it learnt brought more along.
        """
        core = [each for each in tasks if each.progress is Progress.WAITING and each.touched.role is Role.CORE]
        if not core:
            return True
        with self.begin() as work:  # by itself: with what else a batch writes, others could wait in a circle
            work.clusters.hold_carried([each.touched.signup_no for each in core], at=now)
            try:
                work.commit()
            except ConflictError:
                return False
        return True

    def _one(self, batch: _Batch, task: Task) -> Done:
        recorded = batch.records.get(task.touched.signup_no)
        if recorded is None or not recorded.assessments:
            return Done(task, Progress.UNCHANGED)
        if task.progress is Progress.RESTORING:
            batch.cases.reopen(task, recorded)
            back = given_back(self.judge, batch.work, task, recorded, made=batch.made, now=batch.now)
            if back is not None:
                self._record(batch, task, recorded, back.assessment, has_its_case=back.copy_of is not None)
                if back.copy_of is not None and back.copy_of in batch.made.standing:
                    # Another containment made it, which undoes it when it is released in turn.
                    batch.work.containments.stands_as(recorded.signup_no, back.copy_of, back.assessment.id)
            return Done(task, Progress.RESTORED, before_id=task.before_id, made_id=task.made_id)
        before = recorded.assessments[-1]
        made = None if recorded.signup_no in batch.good else self._harsher(batch, task, recorded)
        settled = batch.cases.settle(task, recorded, (made or before).decision)
        # A leaf that became part of the core since has both already.
        if made is not None and self._record(batch, task, recorded, made):
            # What a leaf decided for itself since, as by a proof that it failed, is what is given back.
            first = task.before_id if before.id == task.made_id else None
            return Done(task, Progress.CHANGED, before_id=first or before.id, made_id=made.id)
        if task.made_id is not None:
            return Done(task, Progress.CHANGED, before_id=task.before_id, made_id=task.made_id)
        # Without an assessment of its own: there is a case to be given back when it is released, and nothing else.
        return Done(task, Progress.CHANGED if settled else Progress.UNCHANGED)

    def _harsher(self, batch: _Batch, task: Task, recorded: Recorded) -> Assessment | None:
        """What is decided now, if that is harsher than what stands."""
        before = recorded.assessments[-1]
        if task.touched.role is Role.CORE:
            in_review = before.decision is Decision.REVIEW and batch.cases.await_nobody_else(recorded)
            if before.decision in REFUSED and not in_review:
                return None
            assessment = held(self.judge, recorded, before, now=batch.now)
        elif not task.touched.ties:
            assessment = _through_others(self.judge, before, now=batch.now)
        elif before.decision not in REFUSED:
            assessment = _asked(self._looked(batch, recorded))
        else:
            return None
        return assessment if assessment.decision.severity > before.decision.severity else None

    def _looked(self, batch: _Batch, recorded: Recorded) -> Assessment:
        """A leaf as it looks now; what it learnt since it came is not told by its sign-up, but held all the same."""
        looked = look_again(batch.work, self.judge, recorded, now=batch.now)
        member = batch.work.clusters.member(recorded.signup_no)
        strong = () if member is None else [key for key in member.identifiers if key.kind in STRONG_KINDS]
        held_keys = set().union(*batch.work.clusters.holding(strong).values())
        edges = counted_once_written(each.kind for each in held_keys)
        if edges <= looked.linkage.get("cluster", {}).get("contained", 0):
            return looked
        return held(self.judge, recorded, looked, now=batch.now, edges=edges)

    def _record(
        self, batch: _Batch, task: Task, recorded: Recorded, assessment: Assessment, *, has_its_case: bool = False
    ) -> bool:
        because: dict[str, object] = {
            "containment": task.containment_id,
            "role": task.touched.role.value,
            # A proof that rests on what it was tied by proves nothing.
            "not_proven_by": [kind.value for kind in task.touched.ties],
        }
        given_back = task.progress is Progress.RESTORING and task.made_id is not None
        told = self.tell(
            batch.work,
            recorded,
            assessment,
            because=because,
            now=batch.now,
            given_back=given_back,
            has_its_case=has_its_case,
        )
        return told is not None


@dataclass(frozen=True, slots=True)
class _Batch:
    """The members of one transaction, read at once.

    Attributes:
        good: those who are known as good by now: whatever holds the others leaves them alone.
        made: what containments made of those who are to be given back.
    """

    work: UnitOfWork
    records: Mapping[int, Recorded]
    cases: CasesOfBatch
    good: frozenset[int]
    made: Made
    now: datetime

    def has_a_case(self, task: Task) -> bool:
        """Whether there is a case to be given back, too: one at a time, as each may be about the same."""
        recorded = self.records.get(task.touched.signup_no)
        return recorded is not None and self.cases.has_closed(task, recorded)

    @classmethod
    def of(cls, work: UnitOfWork, tasks: Sequence[Task], now: datetime) -> Self:
        numbers = sorted({task.touched.signup_no for task in tasks})
        restoring = {task.touched.signup_no for task in tasks if task.progress is Progress.RESTORING}
        # Before the records: of a verdict that is taken back between the two it is noticed that more was said.
        made = Made.of(work, restoring)
        records = {each.signup_no: each for each in work.ledger.several(numbers)}
        waiting = [task.touched.signup_no for task in tasks if task.progress is Progress.WAITING]
        return cls(
            work,
            records,
            CasesOfBatch.of(work, tasks, records, now),
            good=frozenset(each.signup_no for each in work.clusters.several(waiting) if each.label is Mark.GOOD),
            made=made,
            now=now,
        )


def _asked(assessment: Assessment) -> Assessment:
    """A leaf is asked for a proof in place of being held: one edge may be an accident, and it raises the score too.

    Somebody who comes now and touches the same is held for a person; this one came before anybody knew.
    """
    return replace(assessment, decision=Decision.STEP_UP) if assessment.decision is Decision.REVIEW else assessment


def _through_others(judge: Judge, before: Assessment, *, now: datetime) -> Assessment:
    """It shares nothing with what is contained itself, so that looking at it again would show nothing new."""
    return replace(
        before,
        id=judge.new_id(now),
        decided_at=now,
        decision=harsher(before.decision, Decision.STEP_UP),
        reasons=(*before.reasons, HANGS_ON_CONTAINED),
        explored=None,
        grant=None,
    )
