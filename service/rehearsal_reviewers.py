"""The reviewers of a rehearsal: they know a cluster for what it is, err about single accounts as those of the simulated
world do, take hours, and there are only so many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.linkage.marks import Mark
from models.simulation.streams import Streams, lognormal
from models.simulation.world import FRAUD_CLEARED_BY_REVIEW, HONEST_CLEARED_BY_REVIEW
from service.domain.errors import ConflictError, NotFoundError
from service.domain.outcome import Label
from service.domain.policy import Policy
from service.usecases.contain_cluster import ContainCluster, find_cluster
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.workers_cases import WorkersCase

REVIEWER, SECOND = "reviewer", "second"
VERDICT_HOURS = (8.0, 24.0)
"""Median and 90th percentile of the hours from a reviewer's taking a case up to the verdict: the shipped policy has
cases due in 12 or 24 hours. How many are taken up in a day is the policy's ``capacity.reviews_a_day``."""

LOOKED_AT = 200
"""The newest members of a cluster that a reviewer looks at."""

_VERDICTS, _CLEARED = Streams(8), Streams(9)
_REASON = "reviewed"


@dataclass(slots=True)
class Reviewers:
    """Cases in turn, on simulated time; as the worker's jobs see them, a queue that cases are opened in.

    A piece with a known fraud is contained when most of it is fraudulent. Of two clusters that look like one operator's
    each is looked at: where most are fraudulent, the newest member is called a fraud, as a verdict on its case would,
    and what holds together with it is contained. Above the policy's size somebody else confirms, hours later. Of an
    account that is like the banned a second look finds as much as the first one did.

    Attributes:
        now: the simulated time.
        later: has something happen at a time.
        say: records an outcome about the sign-up of a number.
        fraudulent: what is true of the sign-up of a number.
        close: the account of a number is closed by a verdict.
    """

    begin: Begin
    policy: Callable[[], Policy]
    contain: ContainCluster
    now: Callable[[], datetime]
    later: Callable[[datetime, Callable[[datetime], None]], None]
    say: Callable[[int, Label, datetime], None]
    fraudulent: Callable[[int], bool]
    close: Callable[[int, datetime], None]
    _open: set[str] = field(default_factory=set)
    _asked_once: set[str] = field(default_factory=set)
    _free_at: datetime | None = None

    def open(self, work: UnitOfWork, case: WorkersCase) -> None:
        """See ``OpenCase``."""
        if case.subject in self._open | self._asked_once:
            return
        (self._asked_once if case.again else self._open).add(case.subject)
        at = self.verdict_at(case.subject, self.now())
        if case.again:
            (recorded,) = work.ledger.many(None, [case.record_id])
            self.later(at, lambda then: self._judge_account(recorded.signup_no, case.subject, then))
        else:
            self.later(at, lambda then: self._conclude(case, then))

    def verdict_at(self, key: str, at: datetime) -> datetime:
        """When there is a verdict on what came in at a time: cases are taken up in turn. ``key`` draws the hours."""
        a_day = self.policy().document.capacity.reviews_a_day
        taken_up = at if self._free_at is None else max(at, self._free_at)
        self._free_at = taken_up + (timedelta(days=1) / a_day if a_day else timedelta())
        return taken_up + timedelta(hours=lognormal(_VERDICTS.of(key), *VERDICT_HOURS))

    def _conclude(self, case: WorkersCase, at: datetime) -> None:
        self._open.discard(case.subject)
        pair = case.detail.get("clusters")
        for name in pair if isinstance(pair, list) else [str(case.detail["cluster"])]:
            # What became of the cluster meanwhile, or that it is contained already, is no concern of this case.
            with suppress(NotFoundError, ConflictError):
                if pair is not None:
                    self._look_at(name, at)
                self._contain(name, at)

    def _judge_account(self, number: int, subject: str, at: datetime) -> None:
        clears = FRAUD_CLEARED_BY_REVIEW if self.fraudulent(number) else HONEST_CLEARED_BY_REVIEW
        if _CLEARED.of(subject).random() >= clears:
            self.say(number, Label.FRAUD, at)
            self.close(number, at)

    def _look_at(self, name: str, at: datetime) -> None:
        with self.begin() as work:
            members = tuple(work.clusters.members(find_cluster(work, name, None)))[-LOOKED_AT:]
        numbers = [member.signup_no for member in members]
        if self._mostly_fraud(numbers) and not any(member.label is Mark.BANNED for member in members):
            self.say(next(number for number in reversed(numbers) if self.fraudulent(number)), Label.FRAUD, at)

    def _contain(self, name: str, at: datetime) -> None:
        preview = self.contain.preview(name, owner=None)
        if not self._mostly_fraud(preview.plan.core):
            return
        started = self.contain.start(name, owner=None, by=REVIEWER, reason=_REASON, now=at, ask=False)
        if preview.second_person:
            self.later(self.verdict_at(started.id, at), lambda then: self._confirm(name, started.id, then))

    def _confirm(self, name: str, containment: str, at: datetime) -> None:
        with suppress(NotFoundError, ConflictError):
            self.contain.confirm(name, containment, owner=None, by=SECOND, now=at)

    def _mostly_fraud(self, numbers: Iterable[int]) -> bool:
        known = [self.fraudulent(number) for number in numbers]
        return 2 * sum(known) > len(known)
