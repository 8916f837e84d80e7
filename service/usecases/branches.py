"""Branches: what hangs on a contained piece through one of its own, and is doubted enough to be asked for a proof."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from models.linkage.marks import Mark
from models.linkage.pieces import Account, branches_of
from service.domain.containment import Role, Touched
from service.domain.policy_sections.clusters import ClusterLines
from service.usecases.doubt_alone import LOOKED_AT, DoubtAlone
from service.usecases.ports import UnitOfWork
from service.usecases.survey_cluster import Plan, Survey

JUDGED_ALONE = 4_000
"""Accounts of all branches that are judged alone at most: those of the largest."""

DOUBTED_AT_LEAST = 2
"""One doubted account may be anybody's friend."""


def with_branches(
    work: UnitOfWork,
    doubt: DoubtAlone,
    found: Survey,
    plan: Plan,
    lines: ClusterLines,
    *,
    already: Collection[int] = frozenset(),
    asked: Collection[int] = frozenset(),
) -> Plan:
    """The plan, with those asked for a proof who belong to a branch that is doubted.

    A hydra is seldom tied twice throughout: most of it hangs on its core by a single card or telephone, often through
    another account. Now and then an honest account hangs there too, and behind it perhaps a whole laboratory; what
    tells them apart is what each account is by itself.
    """
    if not plan.core:
        return plan
    touched = {each.signup_no for each in plan.touched} | set(already) | set(asked) | set(plan.good)
    accounts = {each.number: each for each in found.accounts}
    added, left = [], JUDGED_ALONE
    for branch in branches_of(found.accounts, set(plan.core) | set(already), found.judgement.ties):
        others = [number for number in branch if number not in touched and _may_be_asked(accounts[number])]
        if others and left > 0:
            left -= min(len(branch), LOOKED_AT)
            if _doubted(work, doubt, [accounts[number] for number in branch], lines):
                added += others
    return replace(plan, touched=(*plan.touched, *(Touched(number, Role.LEAF) for number in sorted(added))))


def _may_be_asked(account: Account) -> bool:
    """Nobody is asked who proved something already, nor whose label is known."""
    return account.label is None and account.doubted is not False


def _doubted(work: UnitOfWork, doubt: DoubtAlone, branch: Sequence[Account], lines: ClusterLines) -> bool:
    told = {each.number: bool(each.doubted) for each in branch if each.doubted is not None}
    told |= {each.number: each.label is Mark.BANNED for each in branch if each.label is not None}
    alone: Mapping[int, bool] = doubt(work, [each.number for each in branch if each.number not in told])
    known = [*told.values(), *alone.values()]
    return sum(known) >= max(DOUBTED_AT_LEAST, lines.containment.branch_share * len(known))
