"""What a rehearsal showed: how far the hydra got, what it cost it, and what honest people were put through."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from service.rehearsal import Rehearsal, Rehearsed

HYDRA = "op_A3_great"
RE_ENTRY = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Figures:
    """One rehearsal in numbers; ``None`` where there was nothing to measure.

    Attributes:
        hydra: accounts that it tried to open.
        unasked: of these, let in without being asked for anything.
        unasked_before_containment: the same before its first containment; all of them when there was none.
        peak_alive: the most accounts it had open at once.
        minutes_to_containment: from the first confirmed ban of one of its accounts to the first containment.
        re_entry: of its attempts within 72 hours of a loss, the share that was let in without being asked.
        closed_share: of its accounts that got in, the share that was closed by containment or ban before the end.
        honest: honest sign-ups.
        honest_closed: honest accounts closed by a containment.
        honest_asked: share of honest people asked for a proof or more; likewise ``honest_reviewed``, ``honest_denied``.
        purity_loss: share of honest accounts among the closed.
        lost_per_survivor: accounts lost for each that was open at the end.
        replacements_per_loss: attempts after the first loss, for each loss.
        minutes_to_replacement: median time from a loss to its next attempt.
    """

    hydra: int
    unasked: int
    unasked_before_containment: int
    peak_alive: int
    minutes_to_containment: float | None
    re_entry: float | None
    closed_share: float | None
    honest: int
    honest_closed: int
    honest_asked: float
    honest_reviewed: float
    honest_denied: float
    purity_loss: float | None
    lost_per_survivor: float | None
    replacements_per_loss: float | None
    minutes_to_replacement: float | None


def figures_of(rehearsal: Rehearsal) -> Figures:
    """Measure a rehearsal that was played to its end, against the true state."""
    hydra = [each for each in rehearsal.signups if each.truth.operator == HYDRA]
    honest = [each for each in rehearsal.signups if not each.truth.fraud]
    contained_at = rehearsal.contained_at
    unasked = [each for each in hydra if each.decision == "allow"]
    losses = sorted(lost for each in hydra if (lost := _lost_at(each, rehearsal)) is not None)
    got_in = [each for each in hydra if each.truth.let_in]
    closed = sum(each.closed_at is not None for each in rehearsal.signups)
    honest_closed = sum(each.closed_at is not None for each in honest)
    after = [each for each in hydra if losses and _recent(losses, each.at)]
    times = [each.at for each in hydra]
    waits = [
        (times[at] - lost) / timedelta(minutes=1) for lost in losses if (at := bisect_left(times, lost)) < len(times)
    ]
    survivors = len(got_in) - len(losses)
    return Figures(
        hydra=len(hydra),
        unasked=len(unasked),
        unasked_before_containment=sum(contained_at is None or each.at < contained_at for each in unasked),
        peak_alive=_peak(got_in, rehearsal),
        minutes_to_containment=_minutes(rehearsal.first_ban_at, contained_at),
        re_entry=_share(sum(each.decision == "allow" for each in after), len(after)),
        closed_share=_share(len(losses), len(got_in)),
        honest=len(honest),
        honest_closed=honest_closed,
        honest_asked=_at_least(honest, ("step_up", "review", "deny")),
        honest_reviewed=_at_least(honest, ("review", "deny")),
        honest_denied=_at_least(honest, ("deny",)),
        purity_loss=_share(honest_closed, closed),
        lost_per_survivor=_share(len(losses), survivors),
        replacements_per_loss=_share(sum(bool(losses) and at > losses[0] for at in times), len(losses)),
        minutes_to_replacement=median(waits) if waits else None,
    )


def _lost_at(each: Rehearsed, rehearsal: Rehearsal) -> datetime | None:
    """When an account that got in was closed: contained, or banned when its fraud became known."""
    if not each.truth.let_in:
        return None
    outcome, end = each.truth.outcome, rehearsal.signups[-1].at
    banned_at = outcome.known_at if outcome is not None and outcome.label == "fraud" else None
    ends = [at for at in (each.closed_at, banned_at) if at is not None and at <= end]
    return min(ends, default=None)


def _peak(got_in: Sequence[Rehearsed], rehearsal: Rehearsal) -> int:
    steps = [(each.at, 1) for each in got_in]
    steps += [(lost, -1) for each in got_in if (lost := _lost_at(each, rehearsal)) is not None]
    alive = peak = 0
    for _, step in sorted(steps):
        alive += step
        peak = max(peak, alive)
    return peak


def _recent(losses: Sequence[datetime], at: datetime) -> bool:
    place = bisect_left(losses, at)
    return place > 0 and at - losses[place - 1] <= RE_ENTRY


def _minutes(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start) / timedelta(minutes=1)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def _at_least(people: Sequence[Rehearsed], decisions: tuple[str, ...]) -> float:
    return sum(each.decision in decisions for each in people) / max(1, len(people))
