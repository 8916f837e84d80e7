"""Undo bans: when a ban is corrected, whoever was asked or denied because of it, at the door or later, is looked at
again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from models.linkage.marks import Mark
from service.domain.case import UNFOUNDED
from service.domain.cluster import cluster_id
from service.domain.containment import WORKER, Containment, ContainmentState, Role
from service.domain.decision import Assessment, Decision, Reason
from service.domain.errors import ConflictError
from service.domain.policy_sections.clusters import AfterBan
from service.usecases.branches import HANGS_ON_BANNED
from service.usecases.faster_others import leaving_to_others
from service.usecases.judge import Judge
from service.usecases.look_again import look_again
from service.usecases.look_back import BATCH, kin_of
from service.usecases.ports import AuditEntry, Begin, Recorded, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, Known
from service.usecases.tell_consequence import TellConsequence
from service.usecases.workers_cases import WorkersCase, WorkersCases

A_ROUND = 20
"""Corrected bans of one round."""

CONTAINMENT_UNFOUNDED = "CONTAINMENT_UNFOUNDED"
"""Why a containment is a case: the bans that it rested on were corrected."""

CORRECTED = Reason("BAN_CORRECTED", "rule", "The ban of another account that had changed the decision was corrected.")


@dataclass(frozen=True, slots=True)
class UndoBans:
    """A job of the worker: every correction of a ban that was looked back from is followed once.

    Whoever is in review waits for a person, who sees that the ban was corrected; whoever answered for himself since, by
    a proof that failed or a verdict, is left to that.
    """

    begin: Begin
    judge: Judge
    cases: WorkersCases
    tell: TellConsequence

    def __call__(self, now: datetime) -> int:
        """Follow what is due; how many bans."""
        lines = self.judge.policy().document.clusters.after_ban
        with self.begin() as work:
            bans = work.after_bans.corrected(limit=A_ROUND)
            clusters = {work.clusters.cluster_of(ban.signup_no) for ban in bans}
        for ban in bans:
            with self.begin() as work:
                near = _near(work, ban, lines, now)
            leaving_to_others(lambda some: self._look_at(some, now), near, batch=BATCH)
        with self.begin() as work:
            for cluster in sorted(each for each in clusters if each is not None):
                self._ask_about_containments(work, cluster, now)
            for ban in bans:
                work.after_bans.undone(ban)
            # Another worker may have opened the same case at the same moment, and has then undone them.
            with suppress(ConflictError):
                work.commit()
        return len(bans)

    def _ask_about_containments(self, work: UnitOfWork, cluster: int, now: datetime) -> None:
        """What the worker contained and nobody is a known fraud of any more is a case: only a person releases it."""
        for containment in work.containments.touching(cluster):
            if containment.state is not ContainmentState.STANDING or containment.opened_by != WORKER:
                continue
            touched = work.containments.touched(containment.number)
            core = work.clusters.several([each.signup_no for each in touched if each.role is Role.CORE])
            if core and not any(member.label is Mark.BANNED for member in core):
                self._open_case(work, containment, core, now)

    def _open_case(
        self, work: UnitOfWork, containment: Containment, core: Sequence[ClusterMember], now: datetime
    ) -> None:
        shown = core[0]
        cluster = cluster_id(work.clusters.cluster_of(shown.signup_no) or containment.cluster)
        detail: dict[str, object] = {"cluster": cluster, "containment": containment.id, "size": len(core)}
        case = WorkersCase(
            subject=f"{UNFOUNDED}{containment.id}",
            owner=shown.owner,
            reason=CONTAINMENT_UNFOUNDED,
            record_id=shown.id,
            size=len(core),
            detail=detail,
            note=f"{len(core):,} accounts are contained, and no ban among them stands. "
            "The bans that contained them were corrected: look whether the containment should be released.",
        )
        self.cases.open(work, case)
        work.audit.add(AuditEntry(now, WORKER, "cluster.to_be_reviewed", cluster, detail))

    def _look_at(self, numbers: Sequence[int], now: datetime) -> int:
        told = 0
        with self.begin() as work:
            for recorded in work.ledger.several(numbers):
                if not _stands_for_a_ban(work, recorded):
                    continue
                milder = self._milder(work, recorded, recorded.assessments[-1], now)
                if milder is not None:
                    because = {"after": "ban_corrected"}
                    told += self.tell(work, recorded, milder, because=because, now=now, given_back=True) is not None
            work.commit()
        return told

    def _milder(self, work: UnitOfWork, recorded: Recorded, stands: Assessment, now: datetime) -> Assessment | None:
        """What today's history makes of it, if that is milder; none who hangs on other bans as well."""
        again = look_again(work, self.judge, recorded, now=now)
        hangs = HANGS_ON_BANNED in stands.reasons and again.linkage.get("cluster", {}).get("frauds", 0) > 0
        if hangs or again.decision.severity >= stands.decision.severity:
            return None
        return replace(again, reasons=(*again.reasons, CORRECTED))


def _near(work: UnitOfWork, ban: Known, lines: AfterBan, now: datetime) -> list[int]:
    """Who shares something with the account, and who is in a cluster with it: the newest, as when it was banned."""
    member, cluster = work.clusters.member(ban.signup_no), work.clusters.cluster_of(ban.signup_no)
    kin = set() if member is None else set(kin_of(work, member, lines, now))
    if cluster is not None:
        kin |= {each.signup_no for each in work.clusters.newest(cluster, limit=lines.look_back_accounts)}
    return sorted(kin - {ban.signup_no}, reverse=True)


def _stands_for_a_ban(work: UnitOfWork, recorded: Recorded) -> bool:
    """Whether what stands is a proof that was asked for, or a denial, at the door or later, with bans to touch."""
    last = recorded.assessments[-1] if recorded.assessments else None
    if last is None or last.decision not in (Decision.STEP_UP, Decision.DENY):
        return False
    if len(recorded.assessments) == 1:
        linkage = last.linkage
        return any(linkage.get("bans", {}).values()) or linkage.get("cluster", {}).get("frauds", 0) > 0
    entry = next(iter(work.audit.entries(subject=recorded.id, action="signup.reassessed", limit=1)), None)
    return (
        entry is not None
        and entry.detail.get("after") == "ban_of_another"
        and entry.detail.get("decision") == last.decision.value
        and entry.at <= last.decided_at
    )
