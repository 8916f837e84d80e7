"""Undo bans: when a ban is corrected, whoever was asked or denied because of it, at the door or later, is looked at
again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.linkage.marks import Mark
from service.domain.containment import ContainmentState
from service.domain.decision import Assessment, Decision, Reason
from service.domain.policy_sections.clusters import AfterBan
from service.usecases.faster_others import leaving_to_others
from service.usecases.judge import Judge
from service.usecases.look_back import BATCH, kin_of
from service.usecases.ports import Begin, Recorded, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, Known
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
    contained any more, which whatever they learnt since ties them to as well. Where something is, they wait until the
    last ban is corrected or the last containment released: either has the whole cluster looked at. Whoever is in review
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
            for number in _waiting(work, bans, harsh):
                work.after_bans.put_off(number, at=now)
            work.commit()
        with self.begin() as work:
            # Asked once more: whoever releases something at this moment sees what was put off, or is seen here.
            clear = _clear_ones(work, harsh.values())
        near = [number for number, cluster in harsh.items() if cluster in clear]
        leaving_to_others(lambda some: self._look_at(some, now), near, batch=BATCH)
        self.what_rested(bans, now)
        for ban in bans:
            with self.begin() as work:
                work.after_bans.undone(ban)
                work.commit()
        return len(bans)

    def _look_at(self, numbers: Sequence[int], now: datetime) -> int:
        told = 0
        with self.begin() as work:
            # Contained since the clusters were looked at: its release has them looked at again.
            contained = work.containments.standing_among(numbers) | work.containments.asked_among(numbers)
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


def _harsh_near(work: UnitOfWork, bans: Sequence[Known], lines: AfterBan, now: datetime) -> Mapping[int, int]:
    """Who shares something with these accounts, or is in a clear cluster with one, and is asked or denied; with the
    cluster of each.
    """
    found: set[int] = set()
    for ban in bans:
        member = work.clusters.member(ban.signup_no)
        if member is not None:
            # Through what was guarded since as well: when the ban changed decisions, it may have tied.
            found.update(kin_of(work, member, lines, now, of=HARSH, guarded_too=True))
    for cluster in _clear_ones(work, _clusters_of(work, bans)):
        found.update(each.signup_no for each in work.clusters.members(cluster))
    standings = work.cluster_list.standings(sorted(found), signals=False)
    harsh = sorted(number for number, each in standings.items() if each.decision in HARSH)
    return work.clusters.clusters_of(harsh)


def _waiting(work: UnitOfWork, bans: Sequence[Known], harsh: Mapping[int, int]) -> list[int]:
    """One of each cluster that the bans reach and that is not clear; where a ban is itself, that one waits."""
    reached = set(harsh.values()) - set(_clusters_of(work, bans))
    waiting = reached - _clear_ones(work, reached)
    return [min(number for number, cluster in harsh.items() if cluster == each) for each in sorted(waiting)]


def _clusters_of(work: UnitOfWork, bans: Sequence[Known]) -> Collection[int]:
    return set(work.clusters.clusters_of([ban.signup_no for ban in bans]).values())


def _clear_ones(work: UnitOfWork, clusters: Iterable[int]) -> set[int]:
    return {cluster for cluster in set(clusters) if _is_clear(work, cluster)}


def _is_clear(work: UnitOfWork, cluster: int) -> bool:
    """Whether nothing in a cluster is banned or contained."""
    summary = work.clusters.summary(cluster)
    if summary is None or summary.frauds:
        return False
    return not any(each.state is not ContainmentState.RELEASED for each in work.containments.touching(cluster))
