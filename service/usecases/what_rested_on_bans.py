"""What rested on bans that were corrected: a containment becomes a case, and the case of a piece is closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from models.linkage.marks import Mark
from models.linkage.pieces import Piece
from service.domain.case import PIECE, UNFOUNDED, Case
from service.domain.cluster import cluster_id
from service.domain.containment import WORKER, Containment, ContainmentState, Role
from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.domain.outcome import mark_of, standing_of
from service.domain.policy import Policy
from service.usecases.judge_clusters import PIECE_WITH_FRAUD
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, Known
from service.usecases.survey_cluster import survey
from service.usecases.workers_cases import WorkersCase, WorkersCases

CONTAINMENT_UNFOUNDED = "CONTAINMENT_UNFOUNDED"
"""Why a containment is a case: the bans that it rested on were corrected."""


@dataclass(frozen=True, slots=True)
class WhatRestedOnBans:
    """Follows corrected bans to what was done, or asked of people, because of them; nobody is let in by it."""

    begin: Begin
    policy: Callable[[], Policy]
    cases: WorkersCases

    def __call__(self, bans: Sequence[Known], now: datetime) -> None:
        """Open and close what there is, each cluster by itself."""
        with self.begin() as work:
            members = [work.clusters.member(ban.signup_no) for ban in bans]
            of_number = work.clusters.clusters_of([ban.signup_no for ban in bans])
        corrected: dict[int, list[ClusterMember]] = defaultdict(list)
        for member in members:
            if member is not None and member.signup_no in of_number:
                corrected[of_number[member.signup_no]].append(member)
        for cluster in sorted(corrected):
            self._ask_about_containments(cluster, {each.signup_no for each in corrected[cluster]}, now)
            self._close_cases_of_pieces(cluster, corrected[cluster][-1], now)

    def _ask_about_containments(self, cluster: int, corrected: set[int], now: datetime) -> None:
        """What rested on a known fraud, of whom nobody is one any more, is a case: only a person releases it."""
        with self.begin() as work:
            touching = work.containments.touching(cluster)
            cores = {each: _core_of(work, each) for each in touching if each.state is ContainmentState.STANDING}
            banned = {each for each, core in cores.items() if any(member.label is Mark.BANNED for member in core)}
            for containment, core in cores.items():
                numbers = [member.signup_no for member in core]
                knew_a_fraud = self._knew_a_fraud(work, containment, numbers)
                # A further one of the worker's may hold no fraud itself: it rests on the frauds of those beside it.
                own = containment.opened_by != WORKER or knew_a_fraud
                if own and corrected.isdisjoint(numbers):
                    continue
                stands = containment in banned if own else bool(banned)
                if not stands and (containment.opened_by == WORKER or knew_a_fraud):
                    self._open_case(work, containment, core, now)
            with suppress(ConflictError):  # another worker opened the same one at the same moment
                work.commit()

    def _knew_a_fraud(self, work: UnitOfWork, containment: Containment, core: Sequence[int]) -> bool:
        """Whether a known fraud was in the core when it began to stand: a person may contain without any, on sight.

        As the policy of today reads what had been said by then.
        """
        lines = self.policy().document.clusters.outcomes
        since = containment.stands_since or containment.opened_at
        for outcomes in work.outcomes.of_many(core).values():
            standing = standing_of([each for each in outcomes if each.recorded_at <= since], lines.precedence)
            if mark_of(standing, certain=lines.certain) is Mark.BANNED:
                return True
        return False

    def _open_case(
        self, work: UnitOfWork, containment: Containment, core: Sequence[ClusterMember], now: datetime
    ) -> None:
        shown = _denied(work, core)
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

    def _close_cases_of_pieces(self, cluster: int, corrected: ClusterMember, now: datetime) -> None:
        """Nobody is asked about a known fraud that is none; a piece that is doubted all the same is a case of its own.

        So it is judged again: as long as the old case waited, there was room for no other.
        """
        with self.begin() as work:
            numbers = {member.id: member.signup_no for member in work.clusters.members(cluster)}
            waiting = [each for each in work.cases.unresolved_about(list(numbers)) if _is_about_a_fraud(each)]
            if not waiting:
                return
            pieces = survey(work, cluster, self.policy().document.clusters).judgement.pieces
        for case in waiting:
            if _has_a_fraud(case, pieces, numbers):
                continue
            with self.begin() as work, suppress(ConflictError):  # somebody judged it in this moment
                work.cases.settle([case.settled_by_correction(corrected.id, now=now)])
                detail: dict[str, object] = {"corrected": corrected.id}
                work.audit.add(AuditEntry(now, WORKER, "case.settled_by_correction", case.id, detail))
                work.containments.judge_again([cluster], since=case.opened_at)
                work.commit()


def _core_of(work: UnitOfWork, containment: Containment) -> Sequence[ClusterMember]:
    touched = work.containments.touched(containment.number)
    core = work.clusters.several([each.signup_no for each in touched if each.role is Role.CORE])
    return sorted(core, key=lambda each: each.signup_no)


def _denied(work: UnitOfWork, core: Sequence[ClusterMember]) -> ClusterMember:
    """Who shows best what the case is about: somebody who is denied, and of whom nothing was said."""
    standings = work.cluster_list.standings([each.signup_no for each in core], signals=False)

    def lets_in(member: ClusterMember) -> bool:
        standing = standings.get(member.signup_no)
        return standing is None or standing.decision is not Decision.DENY

    return min(core, key=lambda each: (lets_in(each), each.label is not None))


def _is_about_a_fraud(case: Case) -> bool:
    return case.of_a_piece and PIECE_WITH_FRAUD in case.reasons


def _has_a_fraud(case: Case, pieces: Sequence[Piece], numbers: Mapping[str, int]) -> bool:
    """Whether there is a known fraud in the piece of the account that names a case, or of the one shown."""
    about = {numbers.get(case.subject.removeprefix(PIECE)), numbers.get(case.record_id or "")}
    return any(piece.frauds and not about.isdisjoint(piece.accounts) for piece in pieces)
