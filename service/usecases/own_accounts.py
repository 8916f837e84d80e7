"""What an owner may do about a cluster that others have accounts in too: what touches their own accounts alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.linkage.marks import Mark
from service.domain.containment import Containment
from service.usecases.ports import UnitOfWork
from service.usecases.survey_cluster import Plan, Survey, held_by

_PAGE = 500


def plan_of_own(found: Survey, plan: Plan, owner: str | None) -> Plan:
    """The part of a plan that touches accounts of one owner; all of it for ``None``, who sees every owner's.

    Accounts of others tie them and speak of them as before: what belongs together is decided by all that is known.
    """
    mine = {number for number, member in found.members.items() if owner in (None, member.owner)}
    if len(mine) == len(found.members):
        return plan
    core = mine.intersection(plan.core)
    return Plan(
        touched=tuple(each for each in plan.touched if each.signup_no in mine),
        keys=held_by(found, core),
        good=tuple(number for number in plan.good if number in mine),
        frauds=sum(found.members[number].label is Mark.BANNED for number in core),
        pieces=sum(not core.isdisjoint(piece.accounts) for piece in found.judgement.pieces),
    )


def of_own(work: UnitOfWork, containments: Sequence[Containment], owner: str | None) -> list[Containment]:
    """Those containments that touch accounts of this owner alone, whoever opened them; all of them for ``None``."""
    return [each for each in containments if owner is None or set(_owners(work, each.number)) == {owner}]


def with_others(work: UnitOfWork, containments: Sequence[Containment], owner: str | None) -> bool:
    """Whether one of these containments touches accounts of this owner, and others' too."""
    if owner is None:
        return False
    touched = (set(_owners(work, each.number)) for each in containments)
    return any(owner in owners and len(owners) > 1 for owners in touched)


def touches_own(work: UnitOfWork, containment: int, owner: str) -> bool:
    """Whether a containment, by its number, touches an account of this owner."""
    return any(each == owner for each in _owners(work, containment))


def _owners(work: UnitOfWork, containment: int) -> Iterator[str]:
    """Whose accounts a containment touches, account by account, those included that have left the cluster since."""
    after_no = 0
    while page := work.containments.touched(containment, after_no=after_no, limit=_PAGE):
        for member in work.clusters.several([each.signup_no for each in page]):
            yield member.owner
        after_no = page[-1].signup_no
