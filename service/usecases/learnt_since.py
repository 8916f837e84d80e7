"""What an account learnt since it came: identifiers that its sign-up does not tell of, and the bans that they touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from models.linkage.identifier import STRONG_KINDS, Identifier
from models.linkage.marks import Ban, Mark, Marks, Touched, most_bans, touched
from service.usecases.ports import UnitOfWork
from service.usecases.ports_clusters import IdentifierKey


def learnt_keys(work: UnitOfWork, signup_no: int, told: Sequence[Identifier]) -> tuple[IdentifierKey, ...]:
    """The strong identifiers of a member beside those that its sign-up told."""
    member = work.clusters.member(signup_no)
    if member is None:
        return ()
    strong = [each for each in member.identifiers if each.kind in STRONG_KINDS]
    own = [(each.kind, each.value) for each in told if each.kind in STRONG_KINDS]
    # Most accounts learnt nothing, which their number tells without any keys; several key versions make it larger.
    return tuple(sorted(set(strong) - set(work.clusters.keys_of(own)))) if len(strong) > len(own) else ()


def touched_with(
    work: UnitOfWork, learnt: Sequence[IdentifierKey], by_told: Touched, *, signup_no: int, now: datetime
) -> Touched:
    """The bans that are touched by all that an account carries, not only by what its sign-up told."""
    member = work.clusters.member(signup_no)
    strong = () if member is None else [each for each in member.identifiers if each.kind in STRONG_KINDS]
    guarded = {guard.key for guard in work.clusters.guards([*strong, *learnt])}
    by_all = touched(
        (key.kind, Marks(bans=_bans(work, key, signup_no, now)), key in guarded) for key in {*strong, *learnt}
    )
    return replace(
        by_told,
        strong_kinds=max(by_told.strong_kinds, by_all.strong_kinds),
        strong_bans=max(by_told.strong_bans, by_all.strong_bans),
        had_bans=max(by_told.had_bans, by_all.had_bans),
        pressure=max(by_told.pressure, by_all.pressure),
    )


def _bans(work: UnitOfWork, key: IdentifierKey, signup_no: int, now: datetime) -> tuple[Ban, ...]:
    known = work.clusters.known_of(key, limit=most_bans(key.kind) + 1)
    ages = [(each.signup_no, max(timedelta(), now - each.at)) for each in known if each.mark is Mark.BANNED]
    return tuple(Ban(number, age // timedelta(microseconds=1)) for number, age in ages if number != signup_no)
