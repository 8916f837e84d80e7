"""Touch whom a containment turns out to hold: an account that has learnt identifiers of it is the worker's to look at.

Somebody who comes now with the same is held or asked at once; this one came before anybody knew.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.linkage.identifier import STRONG_KINDS, Identifier, counted_once_written
from models.linkage.marks import Mark
from service.domain.containment import Role, Touched
from service.usecases.hold_member import CORE_EDGES
from service.usecases.own_accounts import touches_own
from service.usecases.ports import Recorded, UnitOfWork
from service.usecases.ports_clusters import IdentifierKey


def touch_learnt(work: UnitOfWork, recorded: Recorded, learnt: Sequence[Identifier]) -> None:
    """Stage that the containment which holds most of the sign-up's identifiers touches it, if it holds a learnt one.

    Two make it a part of the core, one a leaf. Left alone are those known as good, those touched already, and whom
    somebody released: those are contained again only by a person. And so are accounts of an owner of whom it touches
    nobody: whoever it belongs to could no longer release it alone.
    """
    number, member = recorded.signup_no, work.clusters.member(recorded.signup_no)
    if member is None or member.label is Mark.GOOD or not recorded.assessments:
        return
    carried = {key for key in member.identifiers if key.kind in STRONG_KINDS}
    # Under several key versions an identifier has several keys, and is one all the same.
    keys = [work.clusters.keys_of([(each.kind, each.value)]) for each in learnt if each.kind in STRONG_KINDS]
    new = [each for each in keys if carried.isdisjoint(each)]
    holding = work.clusters.holding(carried.union(*new))
    held: set[IdentifierKey] = set().union(*holding.values())
    learnt_held = {each[0] for each in new if not held.isdisjoint(each)}
    if not learnt_held:
        return
    kinds = [each.kind for each in (held & carried) | learnt_held]
    role = Role.CORE if counted_once_written(kinds) >= CORE_EDGES else Role.LEAF
    contained = work.containments.standing_among([number]) | work.containments.released_among([number])
    if contained or (role is Role.LEAF and work.containments.asked_among([number])):
        return
    ties = () if role is Role.CORE else tuple(each.kind for each in learnt_held)
    containment = max(holding, key=lambda each: (len(holding[each]), -each))
    if touches_own(work, containment, recorded.owner):
        work.containments.touch(containment, Touched(number, role, ties))
