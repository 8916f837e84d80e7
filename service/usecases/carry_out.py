"""Carry out containments: the members they touch are looked at again in batches, and given back when released."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from models.features.facts import Facts
from models.identifiers import identifiers_of
from models.linkage.identifier import STRONG_KINDS
from models.signals.signals import derive_signals
from service.domain.containment import Done, Progress, Role, Task
from service.domain.decision import Assessment, Decision, Reason, harsher
from service.domain.errors import ConflictError
from service.usecases.hold_member import held
from service.usecases.judge import Judge, LookOut, look_out_for_nobody
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

RELEASED = Reason("CONTAINMENT_RELEASED", "rule", "The containment that had changed the decision was released.")

THROUGH_OTHERS = Reason(
    "HANGS_ON_CONTAINED",
    "rule",
    "It belongs together with accounts of which one shares an identifier with a network that is contained.",
)


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
            tasks = work.containments.tasks(limit=self.size)
            records = {each.signup_no: each for each in work.ledger.several([task.touched.signup_no for task in tasks])}
            cases = CasesOfBatch.of(work, tasks, records, now)
            work.containments.done([self._one(work, task, records, cases, now) for task in tasks])
            cases.stage(work)
            try:
                work.commit()
            except (ConflictError, StepUpMovedError):
                return 0  # another worker, a person's verdict or a proof was faster
        return len(tasks)

    def _one(
        self, work: UnitOfWork, task: Task, records: dict[int, Recorded], cases: CasesOfBatch, now: datetime
    ) -> Done:
        recorded = records.get(task.touched.signup_no)
        if recorded is None or not recorded.assessments:
            return Done(task, Progress.UNCHANGED)
        if task.progress is Progress.RESTORING:
            cases.reopen(task, recorded)
            return self._restored(work, task, recorded, now)
        before = recorded.assessments[-1]
        made = self._harsher(work, task, recorded, cases, now)
        settled = cases.settle(task, recorded, (made or before).decision)
        # A leaf that became part of the core since has both already.
        if made is not None and self._record(work, task, recorded, made, now):
            return Done(task, Progress.CHANGED, before_id=task.before_id or before.id, made_id=made.id)
        if task.made_id is not None:
            return Done(task, Progress.CHANGED, before_id=task.before_id, made_id=task.made_id)
        # Without an assessment of its own: there is a case to be given back when it is released, and nothing else.
        return Done(task, Progress.CHANGED if settled else Progress.UNCHANGED)

    def _harsher(
        self, work: UnitOfWork, task: Task, recorded: Recorded, cases: CasesOfBatch, now: datetime
    ) -> Assessment | None:
        """What is decided now, if that is harsher than what stands."""
        before = recorded.assessments[-1]
        if task.touched.role is Role.CORE:
            in_review = before.decision is Decision.REVIEW and cases.await_nobody_else(recorded)
            if before.decision not in LET_IN and not in_review:
                return None
            assessment = held(self.judge, recorded, before, now=now)
        elif not task.touched.ties:
            assessment = _through_others(self.judge, before, now=now)
        elif before.decision in LET_IN:
            assessment = _asked(self._looked(work, recorded, now))
        else:
            return None
        return assessment if assessment.decision.severity > before.decision.severity else None

    def _looked(self, work: UnitOfWork, recorded: Recorded, now: datetime) -> Assessment:
        """A leaf as it looks now; what it learnt since it came is not told by its sign-up, but held all the same."""
        looked = look_again(work, self.judge, recorded, now=now)
        member = work.clusters.member(recorded.signup_no)
        strong = () if member is None else [key for key in member.identifiers if key.kind in STRONG_KINDS]
        edges = len(set().union(*work.clusters.holding(strong).values()))
        if edges <= looked.linkage.get("cluster", {}).get("contained", 0):
            return looked
        return held(self.judge, recorded, looked, now=now, edges=edges)

    def _restored(self, work: UnitOfWork, task: Task, recorded: Recorded, now: datetime) -> Done:
        """Give the decision back, unless somebody else has decided since."""
        before = next((each for each in recorded.assessments if each.id == task.before_id), None)
        done = Done(task, Progress.RESTORED, before_id=task.before_id, made_id=task.made_id)
        if before is None or recorded.assessments[-1].id != task.made_id:
            return done
        made = replace(before, id=self.judge.new_id(now), decided_at=now, reasons=(*before.reasons, RELEASED))
        self._record(work, task, recorded, made, now)
        return done

    def _record(self, work: UnitOfWork, task: Task, recorded: Recorded, assessment: Assessment, now: datetime) -> bool:
        because: dict[str, object] = {
            "containment": task.containment_id,
            "role": task.touched.role.value,
            # A proof that rests on what it was tied by proves nothing.
            "not_proven_by": [kind.value for kind in task.touched.ties],
        }
        given_back = task.progress is Progress.RESTORING
        return self.tell(work, recorded, assessment, because=because, now=now, given_back=given_back) is not None


LET_IN = frozenset({Decision.ALLOW, Decision.STEP_UP})
"""Who is looked at again: those who are in, or may come in by a proof. Others are held already, in the queue or out."""


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
        reasons=(*before.reasons, THROUGH_OTHERS),
        explored=None,
        grant=None,
    )


def look_again(
    work: UnitOfWork, judge: Judge, recorded: Recorded, *, now: datetime, look_out: LookOut = look_out_for_nobody
) -> Assessment:
    """Judge a recorded sign-up with today's history, model and policy."""
    signals = derive_signals(recorded.signup, judge.reference)
    linkage = work.ledger.linkage_again(recorded, identifiers_of(recorded.signup, signals), now=now)
    return judge(Facts(signup=recorded.signup, signals=signals, linkage=linkage), now=now, look_out=look_out)
