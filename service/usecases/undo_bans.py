"""Undo bans: when a ban is corrected, whoever was asked or denied because of it, at the door or later, is looked at
again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.linkage.marks import Mark
from service.domain.decision import Assessment, Decision, Reason
from service.domain.policy_sections.clusters import AfterBan
from service.usecases.end_watches import EndWatches
from service.usecases.faster_others import leaving_to_others
from service.usecases.judge import Judge
from service.usecases.look_back import BATCH, kin_of
from service.usecases.ports import Begin, Recorded, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, Known
from service.usecases.put_off_corrections import clear_ones, harsh_among, one_of_each, put_off
from service.usecases.tell_consequence import TellConsequence
from service.usecases.what_rested_on_bans import WhatRestedOnBans
from service.usecases.without_bans import HARSH, WithoutBans
from service.usecases.workers_cases import WorkersCases

A_ROUND = 20
"""Corrected bans of one round."""

CORRECTED = Reason("BAN_CORRECTED", "rule", "The ban of another account that had changed the decision was corrected.")


@dataclass(frozen=True, slots=True)
class UndoBans:
    """A job of the worker: every correction of a ban is followed once, and again when something near it is released.

    Strict, because it lets people in: only who was changed by a look back or a branch, or turned away at the door, and
    was decided on by nobody since; who failed no proof and is not banned; in whose cluster nothing is banned or
    contained any more, which whatever they learnt since ties them to as well. Where something is, they wait until
    nothing is, for whatever reason (``TakeUpCorrections``): then the whole cluster is looked at. Whoever is in review
    waits for a person, who sees that the ban was corrected.
    """

    begin: Begin
    judge: Judge
    cases: WorkersCases
    tell: TellConsequence

    @property
    def what_rested(self) -> WhatRestedOnBans:
        """What becomes of containments, and of cases that were opened for them."""
        return WhatRestedOnBans(self.begin, self.judge.policy, self.cases)

    def __call__(self, now: datetime) -> int:
        """Follow what is due; how many bans."""
        lines = self.judge.policy().document.clusters.after_ban
        with self.begin() as work:
            bans = work.after_bans.corrected(limit=A_ROUND)
            harsh = _harsh_near(work, bans, lines, now)
        clear = self._put_off([*harsh, *(ban.signup_no for ban in bans)], now)
        leaving_to_others(lambda some: self._look_at(some, now), [each for each in harsh if each in clear], batch=BATCH)
        self.what_rested(bans, now)
        EndWatches(self.begin)(bans, lines, now)
        for ban in bans:
            with self.begin() as work:
                work.after_bans.undone(ban)
                work.commit()
        return len(bans)

    def _put_off(self, reached: Collection[int], now: datetime) -> Collection[int]:
        """Have a place wait in every cluster of accounts reached where something is banned or contained; the others.

        Until nothing is new: whoever is parted from a place before it is written has none where he goes.
        """
        places: set[int] = set()
        while True:
            with self.begin() as work:
                cluster_of = work.clusters.clusters_of(sorted(reached))
                clear = clear_ones(work, cluster_of.values())
                provided = clear | {cluster_of.get(place) for place in places}
                fresh = one_of_each({each: of for each, of in cluster_of.items() if of not in provided})
            if not fresh:
                return {number for number, cluster in cluster_of.items() if cluster in clear}
            put_off(self.begin, fresh, at=now)
            places.update(fresh)

    def _look_at(self, numbers: Sequence[int], now: datetime) -> int:
        told = 0
        with self.begin() as work:
            # Contained since the clusters were looked at.
            contained = work.containments.standing_among(numbers) | work.containments.asked_among(numbers)
            waiting = one_of_each(work.clusters.clusters_of(sorted(contained)))
            some = [number for number in numbers if number not in contained]
            members = {each.signup_no: each for each in work.clusters.several(some)}
            for recorded in work.ledger.several(some):
                member = members.get(recorded.signup_no)
                back = None if member is None else self._given_back(work, recorded, member, now)
                if back is not None:
                    because = {"after": "ban_corrected"}
                    # Whoever comes into review this way has no case yet.
                    as_before = back.decision is not Decision.REVIEW
                    told += self.tell(work, recorded, back, because=because, now=now, given_back=as_before) is not None
            work.commit()
        put_off(self.begin, waiting, at=now)
        return told

    def _given_back(
        self, work: UnitOfWork, recorded: Recorded, member: ClusterMember, now: datetime
    ) -> Assessment | None:
        if member.label is Mark.BANNED or member.proof is Mark.FAILED:
            return None
        left = WithoutBans.of(self.judge, work, recorded, now)()
        if left is None:
            return None
        return replace(left, id=self.judge.new_id(now), decided_at=now, reasons=(*left.reasons, CORRECTED))


def _harsh_near(work: UnitOfWork, bans: Sequence[Known], lines: AfterBan, now: datetime) -> list[int]:
    """Who shares something with these accounts, or is in a clear cluster with one, and is asked or denied."""
    found: set[int] = set()
    for ban in bans:
        member = work.clusters.member(ban.signup_no)
        if member is not None:
            # Through what was guarded since as well: when the ban changed decisions, it may have tied.
            found.update(kin_of(work, member, lines, now, of=HARSH, guarded_too=True))
    for cluster in clear_ones(work, work.clusters.clusters_of([ban.signup_no for ban in bans]).values()):
        found.update(each.signup_no for each in work.clusters.members(cluster))
    return sorted(harsh_among(work, found))
