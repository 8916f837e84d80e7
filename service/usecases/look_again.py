"""Look again: judge a recorded sign-up with today's history, model and policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from models.features.facts import Facts
from models.identifiers import identifiers_of
from models.signals.signals import derive_signals
from service.domain.decision import Assessment
from service.usecases.judge import Judge, LookOut, look_out_for_nobody
from service.usecases.learnt_since import learnt_keys, touched_with
from service.usecases.ports import Recorded, UnitOfWork


def look_again(
    work: UnitOfWork,
    judge: Judge,
    recorded: Recorded,
    *,
    now: datetime,
    look_out: LookOut = look_out_for_nobody,
    strong_bans: bool = True,
) -> Assessment:
    """The assessment as it would be if it was decided now, with the bans that it touches by what it learnt since.

    Nothing is staged. Without ``strong_bans`` as if no strong identifier of it was banned.
    """
    facts = facts_now(work, judge, recorded, now=now)
    if not strong_bans:
        facts.linkage.touched = replace(facts.linkage.touched, strong_kinds=0, strong_bans=0, had_bans=0)
    return judge(facts, now=now, look_out=look_out)


def facts_now(work: UnitOfWork, judge: Judge, recorded: Recorded, *, now: datetime) -> Facts:
    """What there is to judge a recorded sign-up by now, what it learnt since included."""
    signals = derive_signals(recorded.signup, judge.reference)
    told = identifiers_of(recorded.signup, signals)
    linkage = work.ledger.linkage_again(recorded, told, now=now)
    learnt = learnt_keys(work, recorded.signup_no, told)
    if learnt:
        linkage.touched = touched_with(work, learnt, linkage.touched, signup_no=recorded.signup_no, now=now)
    return Facts(signup=recorded.signup, signals=signals, linkage=linkage)
