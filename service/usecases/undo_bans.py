"""Undo bans: when a ban is corrected, whoever was asked or denied because of it, at the door or later, is looked at
again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.linkage.marks import Mark
from service.domain.containment import ContainmentState
from service.domain.decision import Assessment, Decision, Reason
from service.domain.likeness import LIKE_BANNED
from service.domain.policy_sections.clusters import AfterBan
from service.domain.watch import WATCHED
from service.usecases.faster_others import leaving_to_others
from service.usecases.judge import Judge
from service.usecases.look_again import look_again
from service.usecases.look_back import BATCH, kin_of
from service.usecases.ports import Begin, Recorded, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, Known
from service.usecases.second_look import AFTER_SECOND_LOOK
from service.usecases.tell_consequence import TellConsequence
from service.usecases.what_rested_on_bans import WhatRestedOnBans
from service.usecases.workers_cases import WorkersCases

A_ROUND = 20
"""Corrected bans of one round."""

CORRECTED = Reason("BAN_CORRECTED", "rule", "The ban of another account that had changed the decision was corrected.")

_HARSH = (Decision.DENY, Decision.STEP_UP)
_OF_HABITS = frozenset({WATCHED, LIKE_BANNED})

_NOBODY_DRAWS = 1.0


@dataclass(frozen=True, slots=True)
class UndoBans:
    """A job of the worker: every correction of a ban is followed once.

    Strict, because it lets people in: only who was changed by a look back or a branch, or turned away at the door, and
    was decided on by nobody since; who failed no proof and is not banned; in whose cluster nothing is banned or
    contained any more, which whatever they learnt since ties them to as well. Whoever is in review waits for a person,
    who sees that the ban was corrected.
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
            near = _near(work, bans, lines, now)
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
            members = {each.signup_no: each for each in work.clusters.several(numbers)}
            for recorded in work.ledger.several(numbers):
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
        """What stood before the ban, or what today's history makes of somebody who came after it; if that is milder."""
        last = recorded.assessments[-1] if recorded.assessments else None
        if last is None or last.decision not in _HARSH or _for_habits(last):
            return None
        if member.label is Mark.BANNED or member.proof is Mark.FAILED:
            return None
        if len(recorded.assessments) == 1:
            return self._as_if_it_came_now(work, recorded, last, now)
        entries = work.audit.entries(subject=recorded.id, action="signup.reassessed", limit=len(recorded.assessments))
        made = {entry.detail.get("assessment"): entry.detail.get("after") for entry in entries}
        # Several bans may have made it harsher one after the other.
        before = next((each for each in reversed(recorded.assessments) if made.get(each.id) != "ban_of_another"), last)
        if made.get(last.id) == AFTER_SECOND_LOOK:
            before = recorded.assessments[-2]
        if before is last:
            return None
        back = replace(before, id=self.judge.new_id(now), decided_at=now, reasons=(*before.reasons, CORRECTED))
        if made.get(last.id) == AFTER_SECOND_LOOK:
            # It saw more than the ban: what is left without it stands.
            again = self._as_if_it_came_now(work, recorded, last, now)
            return again if again is None or again.decision.severity > before.decision.severity else back
        return back

    def _as_if_it_came_now(
        self, work: UnitOfWork, recorded: Recorded, last: Assessment, now: datetime
    ) -> Assessment | None:
        bans = last.linkage.get("bans", {})
        touched = any(bans.values()) or last.linkage.get("cluster", {}).get("frauds", 0) > 0
        if not touched:
            return None
        # A draw would let in at random what the look has just found.
        again = look_again(work, replace(self.judge, chance=lambda: _NOBODY_DRAWS), recorded, now=now)
        if again.decision.severity >= last.decision.severity:
            return None
        return replace(again, reasons=(*again.reasons, CORRECTED))


def _near(work: UnitOfWork, bans: Sequence[Known], lines: AfterBan, now: datetime) -> list[int]:
    """Who shares something with these accounts or is in a cluster with one, is asked or denied, and may be let in."""
    found: set[int] = set()
    for ban in bans:
        member, cluster = work.clusters.member(ban.signup_no), work.clusters.cluster_of(ban.signup_no)
        if member is not None:
            # Through what was guarded since as well: when the ban changed decisions, it may have tied.
            found.update(kin_of(work, member, lines, now, of=_HARSH, guarded_too=True))
        if cluster is not None and _is_clear(work, cluster):
            found.update(each.signup_no for each in work.clusters.members(cluster))
    harsh = sorted(
        number
        for number, each in work.cluster_list.standings(sorted(found), signals=False).items()
        if each.decision in _HARSH
    )
    of_number = work.clusters.clusters_of(harsh)
    clear = {cluster for cluster in set(of_number.values()) if _is_clear(work, cluster)}
    return [number for number in harsh if of_number.get(number) in clear]


def _for_habits(last: Assessment) -> bool:
    """Whether it may rest on the habits of several banned accounts, from which one that is corrected takes nothing."""
    return bool(last.linkage.get("bans", {}).get("triples_72h", 0)) or not _OF_HABITS.isdisjoint(last.rules)


def _is_clear(work: UnitOfWork, cluster: int) -> bool:
    """Whether nothing in a cluster is banned or contained."""
    summary = work.clusters.summary(cluster)
    if summary is None or summary.frauds:
        return False
    return not any(each.state is not ContainmentState.RELEASED for each in work.containments.touching(cluster))
