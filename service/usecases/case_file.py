"""The file of a case: everything a reviewer sees of it, and the facts in clear when they ask for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from models.identifiers import identifiers_of
from models.linkage.identifier import Identifier, IdentifierKind, Strength, strength_of
from models.linkage.marks import Mark
from models.reference.reference import Reference
from models.registry import LoadedModel
from models.signals.signals import derive_signals
from service.domain.case import Case
from service.domain.cluster import cluster_id
from service.domain.decision import Assessment
from service.domain.errors import NotFoundError
from service.domain.outcome import Outcome
from service.domain.reviewer import Acting
from service.usecases.about_now import AboutNow, about_now
from service.usecases.decide_by_person import REVIEW_GROUP
from service.usecases.ports import AuditEntry, Begin, Recorded, UnitOfWork
from service.usecases.ports_search import Found, SearchQuery
from service.usecases.read_cases import CaseView, ReadCases
from service.usecases.views import ClusterView
from service.usecases.waterfall import Waterfall, waterfall_of

NEIGHBOURS_SHOWN = 6
"""Of each identifier: enough to see what kind of company it is; the cluster's page shows all."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The newest other sign-ups that share one identifier; ``more`` when there are others still."""

    kind: IdentifierKind
    strength: Strength
    found: tuple[Found, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class SignupFile:
    """What is known of one sign-up. ``assessments`` leave out what the reader must not know yet; so does ``cluster``,

    whose page tells it, and which is ``None`` too where the sign-up stands alone, and so does ``known``, what outcomes
    say of it (BANNED or GOOD), and ``outcomes``, oldest first.
    """

    recorded: Recorded
    assessments: tuple[Assessment, ...]
    judged: Assessment | None
    waterfall: Waterfall | None
    neighbours: tuple[Neighbours, ...]
    cases: tuple[Case, ...]
    cluster: ClusterView | None = None
    known: Mark | None = None
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with the sign-up it shows first, if it is about one; ``about`` where it is about several accounts."""

    view: CaseView
    signup: SignupFile | None
    about: AboutNow | None = None


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """Open files. Reading one shows no fact in clear; ``reveal`` does, and is written down."""

    begin: Begin
    cases: ReadCases
    reference: Reference
    model: Callable[[], LoadedModel | None]

    def of_case(self, case_id: str, *, acting: Acting, neighbours: int = NEIGHBOURS_SHOWN) -> CaseFile:
        """The file of a case, with so many neighbours of each identifier.

        Raises:
            NotFoundError: there is no such case for this reviewer.
            ForbiddenError: it lies in a queue they do not work in.
        """
        view = self.cases.read(case_id, acting=acting)
        if view.case.record_id is None:
            return CaseFile(view, None)
        with self.begin() as work:
            recorded = work.ledger.get(acting.owner, view.case.record_id)
            if recorded is None:
                return CaseFile(view, None)
            hidden = view.case.hides_earlier
            return CaseFile(
                view,
                self._file(work, recorded, acting, hide_earlier=hidden, neighbours=neighbours),
                about_now(work, view.case, recorded, owner=acting.owner) if view.case.of_clusters else None,
            )

    def of_signup(self, record_id: str, *, acting: Acting) -> SignupFile:
        """The file of a sign-up that there may be no case about.

        Raises:
            NotFoundError: there is no such sign-up for this reviewer.
        """
        with self.begin() as work:
            recorded = _found(work, record_id, acting)
            hidden = any(case.hides_earlier for case in work.cases.of_record(record_id))
            return self._file(work, recorded, acting, hide_earlier=hidden)

    def reveal(self, record_id: str, *, acting: Acting, now: datetime, case_id: str | None) -> Recorded:
        """The sign-up with the person's facts, after writing down who saw them and why.

        Raises:
            NotFoundError: there is no such sign-up for this reviewer.
        """
        with self.begin() as work:
            recorded = _found(work, record_id, acting)
            detail: dict[str, object] = {} if case_id is None else {"case_id": case_id}
            work.audit.add(AuditEntry(now, acting.name, "signup.revealed", record_id, detail))
            work.commit()
        return recorded

    def _file(
        self,
        work: UnitOfWork,
        recorded: Recorded,
        acting: Acting,
        *,
        hide_earlier: bool,
        neighbours: int = NEIGHBOURS_SHOWN,
    ) -> SignupFile:
        shown = recorded.assessments
        if hide_earlier:
            shown = tuple(takewhile(lambda each: not by_person(each), shown))
        judged = next((each for each in reversed(shown) if each.vector is not None), None)
        return SignupFile(
            recorded=recorded,
            assessments=shown,
            judged=judged,
            waterfall=None if judged is None else waterfall_of(judged, self.model()),
            neighbours=self._neighbours(work, recorded, acting, neighbours),
            cases=() if hide_earlier else tuple(work.cases.of_record(recorded.id)),
            cluster=None if hide_earlier else _cluster(work, recorded),
            known=None if hide_earlier else _known(work, recorded),
            outcomes=() if hide_earlier else tuple(work.outcomes.of(recorded.signup_no)),
        )

    def _neighbours(self, work: UnitOfWork, recorded: Recorded, acting: Acting, most: int) -> tuple[Neighbours, ...]:
        signals = derive_signals(recorded.signup, self.reference)
        telling = [
            each for each in identifiers_of(recorded.signup, signals) if strength_of(each.kind) is not Strength.WEAK
        ]
        found = (self._sharing(work, recorded, each, acting, most) for each in telling)
        return tuple(each for each in found if each.found)

    @staticmethod
    def _sharing(work: UnitOfWork, recorded: Recorded, identifier: Identifier, acting: Acting, most: int) -> Neighbours:
        query = SearchQuery(identifiers=((identifier.kind, identifier.value),), limit=most + 2)
        others = [each for each in work.ledger.search(acting.owner, query) if each.id != recorded.id]
        return Neighbours(
            identifier.kind,
            strength_of(identifier.kind),
            tuple(others[:most]),
            len(others) > most,
        )


def _cluster(work: UnitOfWork, recorded: Recorded) -> ClusterView | None:
    number = work.clusters.cluster_of(recorded.signup_no)
    summary = None if number is None else work.clusters.summary(number)
    if summary is None or summary.size < 2:
        return None
    return ClusterView(cluster_id(summary.number), summary.size, summary.frauds)


def _known(work: UnitOfWork, recorded: Recorded) -> Mark | None:
    member = work.clusters.member(recorded.signup_no)
    return None if member is None else member.label


def by_person(assessment: Assessment) -> bool:
    """Whether a person decided, not the service."""
    return any(reason.group == REVIEW_GROUP for reason in assessment.reasons)


def _found(work: UnitOfWork, record_id: str, acting: Acting) -> Recorded:
    recorded = work.ledger.get(acting.owner, record_id)
    if recorded is None:
        raise NotFoundError("There is no such sign-up.")
    return recorded
