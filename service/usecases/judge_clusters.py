"""Judge clusters: contain what the evidence alone contains, and open a case about what it does not."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from models.linkage.marks import Mark
from models.linkage.pieces import Piece, Verdict, judge, judge_held
from service.domain.case import PIECE
from service.domain.cluster import cluster_id
from service.domain.containment import WORKER, ContainmentState, Looked
from service.domain.errors import ConflictError
from service.domain.policy_sections.clusters import ClusterLines
from service.usecases.ask_branches import AskBranches
from service.usecases.branches import JUDGED_ALONE, Branches, Hanging
from service.usecases.doubt_alone import LOOKED_AT, DoubtAlone
from service.usecases.open_containment import NewId, open_containment
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.survey_cluster import Survey, lines_of, plan_of, survey
from service.usecases.workers_cases import WorkersCase, WorkersCases

A_ROUND = 50
"""Clusters that are judged in one round; a cluster of 20,000 takes seconds."""

CONFIRMED_FRAUD = "CONFIRMED_FRAUD"
"""Why evidence alone contains: enough confirmed fraud in a piece that no single identifier holds together."""

FRAUD_AMONG_DOUBTED = "FRAUD_AMONG_DOUBTED"
"""Why evidence contains with less: one known fraud at least in such a piece, most of which is doubted."""

PIECE_WITH_FRAUD = "PIECE_WITH_FRAUD"
"""Why a piece is a case: a known fraud, and too little to contain it without a person."""

PIECE_IN_DOUBT = "PIECE_IN_DOUBT"
"""Why a piece is a case before any fraud is known: most of its members that were asked failed a proof."""


@dataclass(frozen=True, slots=True)
class JudgeClusters:
    """A job of the worker: every cluster whose known frauds or failed proofs changed, or that grew around them."""

    begin: Begin
    doubt: DoubtAlone
    cases: WorkersCases
    new_id: NewId
    ask: AskBranches

    def __call__(self, now: datetime) -> int:
        """Judge what is due; how many clusters."""
        lines = self.doubt.judge.policy().document.clusters
        with self.begin() as work:
            due = work.containments.due(
                judged_from=lines.containment.judged_from,
                failed_from=lines.containment.doubted,
                limit=A_ROUND,
            )
        return sum(self._judged(looked, lines, now) for looked in due)

    def _judged(self, looked: Looked, lines: ClusterLines, now: datetime) -> bool:
        """Judge one cluster; false where somebody contained it, or answered a request, meanwhile: it stays due."""
        with self.begin() as work:
            hanging, waiting = self._judge(work, looked, lines, now)
            if not hanging:
                work.containments.judged(looked, at=now)
            if not _committed(work):
                return False
        if not hanging:
            return True
        self.ask(hanging, now)
        with self.begin() as work:
            # Only now: whom an interruption leaves out is asked in the next round. A request that was declined in
            # between has it judged again, too.
            work.containments.still_wait(waiting)
            work.containments.judged(looked, at=now)
            return _committed(work)

    def _judge(
        self, work: UnitOfWork, looked: Looked, lines: ClusterLines, now: datetime
    ) -> tuple[Hanging, Sequence[int]]:
        """Stage what becomes of a cluster; who hangs on those who fell, and the requests that must still wait."""
        number = work.containments.next_number()
        found = survey(work, looked.cluster, lines)
        by_themselves, by_a_person = self._parted(work, found, lines)
        # Whoever waits to be contained is not contained twice. Should the request be declined, it is judged again.
        already = work.containments.standing_among(found.members.keys())
        touching = work.containments.touching(found.cluster)
        waiting = [each.number for each in touching if each.state is ContainmentState.PENDING]
        work.containments.still_wait(waiting)
        asked = work.containments.asked_among(found.members.keys())
        plan = plan_of(found, by_themselves, already=already, asked=asked)
        branches = Branches(work, self.doubt, found, lines)
        plan = branches.with_them(plan, already=already, asked=asked)
        pending = len(plan.core) > lines.containment.by_evidence_up_to
        if plan.core:
            enough = all(len(piece.frauds) >= lines.containment.frauds for piece in by_themselves)
            open_containment(
                work,
                found,
                plan,
                number=number,
                by=WORKER,
                reason=CONFIRMED_FRAUD if enough else FRAUD_AMONG_DOUBTED,
                pending=pending,
                now=now,
                new_id=self.new_id,
            )
        for piece in by_a_person:
            if not already.issuperset(set(piece.accounts) - set(piece.good)):
                self._open_case(work, found, piece, now)
        # Nobody is asked for hanging on what only waits to be contained.
        requested = {each.signup_no for request in waiting for each in work.containments.touched(request)}
        contained = (already - requested) | set(() if pending else plan.core)
        touched = already | asked | {each.signup_no for each in plan.touched}
        return self._hanging(branches, contained, touched), [*waiting, *([number] if pending else [])]

    def _hanging(self, branches: Branches, contained: Set[int], touched: Set[int]) -> Hanging:
        """Who hangs through others on what is contained or banned; what a person released, and who hangs there, not."""
        members = branches.found.members
        released = branches.work.containments.released_among(members.keys())
        banned = {number for number, member in members.items() if member.label is Mark.BANNED} - released
        return branches.hanging(contained=contained, banned=banned, but=touched | released)

    def _parted(self, work: UnitOfWork, found: Survey, lines: ClusterLines) -> tuple[list[Piece], list[Piece]]:
        """The pieces that are contained by themselves, and those that a person decides on.

        What somebody released, or declined to let the evidence contain, is contained only by a person. The answer to a
        person's request is none to the evidence.
        """
        released = work.containments.released_among(found.members.keys())
        by_themselves, by_a_person = [], []
        for surveyed in found.judgement.pieces:
            piece = self._doubted(work, found, surveyed, lines)
            if piece.verdict is not Verdict.CONTAIN:
                by_a_person += [piece] if piece.verdict is Verdict.CASE else []
                continue
            contained = [self._firm(work, found, each) for each in self._without(work, found, piece, released, lines)]
            by_themselves += contained
            gone = {number for each in contained for number in each.accounts}
            # Whom nothing holds firmly is asked where it shares something with those; a person looks at the others.
            asked = _beside(found, gone).intersection(piece.loose)
            left = set(piece.accounts).difference(released, piece.good, asked, gone)
            by_a_person += [piece] if left or not contained else []
        return by_themselves, by_a_person

    def _without(
        self, work: UnitOfWork, found: Survey, piece: Piece, released: Set[int], lines: ClusterLines
    ) -> list[Piece]:
        """What of a piece is contained without whom a person let go: a ring may have tied one to itself."""
        if released.isdisjoint(piece.accounts):
            return [piece]
        others = frozenset(piece.accounts) - released
        alone = judge(
            [each for each in found.accounts if each.number in others], guarded=found.guarded, lines=lines_of(lines)
        )
        doubted = (self._doubted(work, found, each, lines) for each in alone.pieces)
        return [each for each in doubted if each.verdict is Verdict.CONTAIN]

    def _firm(self, work: UnitOfWork, found: Survey, piece: Piece) -> Piece:
        """A piece without those who are held only through what the refused wrote down, unless they are doubted."""
        if not piece.loose:
            return piece
        loose = frozenset(piece.loose)
        told = {each.number: each for each in found.accounts if each.number in loose}
        untold = [number for number, each in told.items() if each.doubted is None and each.label is None]
        alone = self._doubted_alone(work, untold)
        kept = {number for number, each in told.items() if alone.get(number, each.doubted)}
        return replace(piece, accounts=tuple(each for each in piece.accounts if each not in loose or each in kept))

    def _doubted_alone(self, work: UnitOfWork, numbers: Sequence[int]) -> dict[int, bool]:
        """Of each by itself, where of a piece a sample would do; of too many only the first."""
        pages = (numbers[at : at + LOOKED_AT] for at in range(0, min(len(numbers), JUDGED_ALONE), LOOKED_AT))
        return {number: doubted for page in pages for number, doubted in self.doubt(work, page).items()}

    def _doubted(self, work: UnitOfWork, found: Survey, piece: Piece, lines: ClusterLines) -> Piece:
        """A piece with a known fraud, and too little to contain it, with whoever of it is doubted."""
        if piece.verdict is not Verdict.CASE or not piece.frauds or not lines.containment.doubted:
            return piece
        inside = frozenset(piece.accounts)
        accounts = {each.number: each for each in found.accounts if each.number in inside}
        untold = [number for number, each in accounts.items() if each.label is None and each.doubted is None]
        alone = self.doubt(work, untold)
        told = [replace(each, doubted=alone.get(number, each.doubted)) for number, each in accounts.items()]
        return replace(judge_held(told, piece.held, lines_of(lines)), loose=piece.loose)

    def _open_case(self, work: UnitOfWork, found: Survey, piece: Piece, now: datetime) -> None:
        shown = found.members[(piece.frauds or piece.doubted)[-1]]
        first = found.members[piece.accounts[0]]
        cluster = cluster_id(found.cluster)
        detail: dict[str, object] = {
            "cluster": cluster,
            "size": len(piece.accounts),
            "frauds": len(piece.frauds),
            "sources": piece.sources,
            "good": len(piece.good),
            "doubted": len(piece.doubted),
            "trusted": piece.trusted,
        }
        # Named by its first account, so that a piece that grows is the same case.
        case = WorkersCase(
            subject=f"{PIECE}{first.id}",
            owner=shown.owner,
            reason=PIECE_WITH_FRAUD if piece.frauds else PIECE_IN_DOUBT,
            record_id=shown.id,
            size=len(piece.accounts),
            detail=detail,
            note=f"{_heading(piece)} {_why_a_person(piece)}",
        )
        self.cases.open(work, case)
        work.audit.add(AuditEntry(now, WORKER, "cluster.to_be_reviewed", cluster, detail))


def _beside(found: Survey, contained: Set[int]) -> set[int]:
    """Who shares with them what ties, they included."""
    ties = found.judgement.ties.values()
    return {number for numbers in ties if not contained.isdisjoint(numbers) for number in numbers}


def _committed(work: UnitOfWork) -> bool:
    try:
        work.commit()
    except ConflictError:
        return False
    return True


def _heading(piece: Piece) -> str:
    """What a piece is, in one sentence: ``A piece of 28 accounts with 2 known frauds (1 source).``"""
    size = f"A piece of {_counted(len(piece.accounts), 'account')}"
    if piece.frauds:
        known = _counted(len(piece.frauds), "known fraud")
        return f"{size} with {known} ({_counted(piece.sources, 'source')})."
    return f"{size}, of which {len(piece.doubted):,} gave no proof when they were asked for one."


def _why_a_person(piece: Piece) -> str:
    if piece.verdict is Verdict.CONTAIN:
        return "Somebody released it, or declined to contain it, before: only a person contains it now."
    return "That is too little to contain it without a person."


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
