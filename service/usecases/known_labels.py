"""Labels from life: what had been said of recorded sign-ups by an instant, graded, for a model to learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from models.linkage.identifier import IdentifierKind
from models.training.labels import Grade, LabelRow
from service.domain.challenge import ChallengeMethod
from service.domain.outcome import Label, Outcome, newest_of, standing_of, usual_grade
from service.domain.policy import Policy
from service.usecases.ports import Begin, UnitOfWork
from service.usecases.ports_clusters import ClusterMember
from service.usecases.ripeness import Said, said_by_number

CONTAINMENT = "containment"
"""The source of a label that a sign-up has because its whole cluster is contained."""

PROOF = "proof"
"""The source of a label that a sign-up has because the person proved who they are and nobody complained."""

PROVING = frozenset({ChallengeMethod.INSTITUTION_SSO, ChallengeMethod.DOCUMENT_CHECK})
"""Proofs of a person. A code to a mailbox proves the mailbox, which may have been bought."""

FLOODED = {IdentifierKind.INSTITUTION: "institution", IdentifierKind.NETWORK: "network"}
"""What a flood of labels would share; the cluster is told beside them."""

_PAGE = 2_000
_WORDS: dict[Label, Literal["fraud", "legitimate"]] = {Label.FRAUD: "fraud", Label.LEGITIMATE: "legitimate"}


@dataclass(frozen=True, slots=True)
class KnownLabels:
    """Every label by our own id of the sign-up, because two callers may use the same of theirs.

    A failed challenge is none, and neither is an account that nobody ever spoke of.
    """

    begin: Begin
    policy: Callable[[], Policy]

    def __call__(self, *, by: datetime) -> Iterator[LabelRow]:
        """What was known at ``by``: outcomes recorded until then, as they stood then; contained cores; proofs.

        Whatever was corrected by then is told as superseded, a correction that came later has not been heard of yet.
        A core and a proof speak only of sign-ups that no outcome spoke of.
        """
        precedence = self.policy().document.clusters.outcomes.precedence
        spoken: set[str] = set()
        with self.begin() as work:
            cores = {each.signup_no: each for each in work.containments.cores(at=by)}
            proven = work.step_ups.proven(PROVING, by=by)
            for member, outcomes in _told(work, by):
                if standing_of(outcomes, precedence) is not None:
                    spoken.add(member.id)
                yield from _labels(member, outcomes, precedence)
            for member in _members(work, sorted(cores)):
                if member.id not in spoken:
                    spoken.add(member.id)
                    core = cores[member.signup_no]
                    yield LabelRow(
                        member.id,
                        "fraud",
                        CONTAINMENT,
                        Grade.CONTAINED,
                        # Whoever learnt identifiers of it may have come after it was contained.
                        max(core.since, member.recorded_at),
                        cluster=core.containment_id,
                    )
            for record_id in sorted(set(proven) - spoken):
                yield LabelRow(record_id, "legitimate", PROOF, Grade.CONFIRMED, proven[record_id])

    def said(self, by: datetime) -> Said | None:
        """What stood at ``by``, for figures; ``None`` where nobody had said anything."""
        precedence = self.policy().document.clusters.outcomes.precedence
        found: dict[int, int] = {}
        with self.begin() as work:
            for page in _pages(work, by):
                for number, outcomes in page.items():
                    standing = standing_of(outcomes, precedence)
                    if standing is not None:
                        found[number] = int(standing.said.label is Label.FRAUD)
        return said_by_number(found) if found else None


def _told(work: UnitOfWork, by: datetime) -> Iterator[tuple[ClusterMember, Sequence[Outcome]]]:
    for page in _pages(work, by):
        for member in _members(work, sorted(page)):
            yield member, page[member.signup_no]


def _pages(work: UnitOfWork, by: datetime) -> Iterator[Mapping[int, Sequence[Outcome]]]:
    after_no = 0
    while page := work.outcomes.known(by=by, after_no=after_no, limit=_PAGE):
        yield page
        after_no = max(page)


def _members(work: UnitOfWork, numbers: Sequence[int]) -> Iterator[ClusterMember]:
    for at in range(0, len(numbers), _PAGE):
        yield from sorted(work.clusters.several(numbers[at : at + _PAGE]), key=lambda each: each.signup_no)


def _labels(member: ClusterMember, outcomes: Sequence[Outcome], precedence: Sequence[str]) -> Iterator[LabelRow]:
    keys = {FLOODED[key.kind]: key.digest.hex() for key in member.identifiers if key.kind in FLOODED}
    for outcome in outcomes:
        said = outcome.said
        if said.label is Label.UNKNOWN:
            continue
        yield LabelRow(
            signup_id=member.id,
            label=_WORDS[said.label],
            source=said.source,
            grade=Grade((said.grade or usual_grade(said.source)).value),
            known_at=outcome.recorded_at,
            confidence=said.confidence,
            keys=keys,
            superseded=newest_of(outcomes, said.source) is not outcome,
            rank=precedence.index(said.source) if said.source in precedence else len(precedence),
        )
