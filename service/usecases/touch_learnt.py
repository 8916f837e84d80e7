"""Touch whom a containment turns out to hold: accounts that learn identifiers of it, or carry what its core learns.

The worker looks at them. Somebody who comes now with the same is held or asked at once; these came before anybody knew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.linkage.identifier import STRONG_KINDS, Identifier, IdentifierKind, counted_once_written
from models.linkage.marks import Mark
from service.domain.containment import Role, Touched
from service.usecases.hold_member import CORE_EDGES
from service.usecases.own_accounts import touches_own
from service.usecases.ports import Recorded, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, IdentifierKey

CARRIERS = 200
"""The newest carriers of an identifier that are touched, within one request: of a crowd's no more is learnt."""

MOMENT = timedelta(seconds=10)
"""Whoever is recorded so little after something may have been judged before it: of two sign-ups this close each may
have looked before the other was committed."""


def touch_learnt(work: UnitOfWork, recorded: Recorded, learnt: Sequence[Identifier]) -> None:
    """Stage that the containment which holds most of the sign-up's identifiers touches it, if it holds a learnt one.

    Two make it a part of the core, one a leaf. Left alone are those known as good, those touched already, and whom
    somebody released: those are contained again only by a person. And so are accounts of an owner of whom it touches
    nobody: whoever it belongs to could no longer release it alone.
    """
    member = work.clusters.member(recorded.signup_no)
    if member is None or not recorded.assessments:
        return
    carried = _strong(member)
    # Under several key versions an identifier has several keys, and is one all the same.
    keys = [work.clusters.keys_of([(each.kind, each.value)]) for each in learnt if each.kind in STRONG_KINDS]
    new = [each for each in keys if carried.isdisjoint(each)]
    holding = work.clusters.holding(carried.union(*new))
    held: set[IdentifierKey] = set().union(*holding.values())
    learnt_held = {each[0] for each in new if not held.isdisjoint(each)}
    if learnt_held:
        kinds = tuple(each.kind for each in (held & carried) | learnt_held)
        _touch(work, [_Reached(member, carried.union(*new), kinds, _kinds(learnt_held))], holding)


def touch_carriers(work: UnitOfWork, signup_nos: Iterable[int]) -> bool:
    """Stage that a containment which holds what these learnt, or brought along, touches others who carried that before,
    as if they learnt it; whether there is anybody.

    Safe to run again: whoever comes later is held or asked at once, and is not touched because of it.
    """
    since: dict[IdentifierKey, datetime] = {}
    for signup_no in signup_nos:
        since |= work.clusters.held_by_learning(signup_no)
    if not since:
        return False
    ours = since.keys()
    carriers = ((key, each) for key in sorted(ours) for each in work.clusters.carriers(key, limit=CARRIERS))
    found = {each.signup_no: each for key, each in carriers if each.recorded_at < since[key] + MOMENT}
    # Whoever was only recorded was never let in.
    decided = work.cluster_list.standings(sorted(found), signals=False)
    members = [found[number] for number in sorted(found.keys() & decided.keys())]
    holding = work.clusters.holding({key for each in members for key in _strong(each)})
    held: set[IdentifierKey] = set().union(*holding.values())
    reached = []
    for member in members:
        carried = _strong(member)
        kinds = tuple(each.kind for each in held & carried)
        reached.append(_Reached(member, carried, kinds, _kinds(ours & carried)))
    return _touch(work, reached, holding)


@dataclass(frozen=True, slots=True)
class _Reached:
    """Somebody of whom something is held: the strong identifiers, the kinds of those held, and of those held newly."""

    member: ClusterMember
    carried: frozenset[IdentifierKey]
    held: tuple[IdentifierKind, ...]
    new: tuple[IdentifierKind, ...]


def _touch(work: UnitOfWork, reached: Sequence[_Reached], holding: Mapping[int, frozenset[IdentifierKey]]) -> bool:
    """Stage it of each, by the containment that holds most of it; whether there is anybody to touch."""
    numbers = [each.member.signup_no for each in reached]
    contained = work.containments.standing_among(numbers) | work.containments.released_among(numbers)
    asked = work.containments.asked_among(numbers)
    own: dict[tuple[int, str], bool] = {}
    touching: list[tuple[int, Touched]] = []
    for each in reached:
        member = each.member
        role = Role.CORE if counted_once_written(each.held) >= CORE_EDGES else Role.LEAF
        if member.label is Mark.GOOD or member.signup_no in contained:
            continue
        if role is Role.LEAF and member.signup_no in asked:
            continue
        by = max(holding, key=lambda number: (len(holding[number] & each.carried), -number))
        if (by, member.owner) not in own:
            own[by, member.owner] = touches_own(work, by, member.owner)
        if own[by, member.owner]:
            ties = () if role is Role.CORE else each.new
            touching.append((by, Touched(member.signup_no, role, ties)))
    # In the order in which the worker takes containments, so that neither waits for what the other has taken.
    for by, touched in sorted(touching, key=lambda each: (each[0], each[1].signup_no)):
        work.containments.touch(by, touched)
    return bool(touching)


def _kinds(keys: Set[IdentifierKey]) -> tuple[IdentifierKind, ...]:
    return tuple(sorted({each.kind for each in keys}))


def _strong(member: ClusterMember) -> frozenset[IdentifierKey]:
    return frozenset(key for key in member.identifiers if key.kind in STRONG_KINDS)
