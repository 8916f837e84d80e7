"""What a rehearsal showed: how far the hydra got, what it cost it, and what honest people were put through."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from service.rehearsal import Rehearsal, Rehearsed

RE_ENTRY = timedelta(hours=72)
FOUND_FROM = 0.8
"""Of his accounts in clusters with a known fraud: then an operator counts as found."""

EXPOSED = timedelta(hours=24)
_GROUPS = frozenset({"H4", "H6", "H10"})


@dataclass(frozen=True, slots=True)
class Figures:
    """One rehearsal in numbers; ``None`` where there was nothing to measure.

    Attributes:
        attempts: accounts that the operator tried to open.
        unasked: of these, let in without being asked for anything.
        unasked_before_containment: the same before its first containment; all of them when there was none.
        peak_alive: the most accounts it had open at once.
        minutes_from_ban: from the first confirmed ban of one of its accounts to the first containment.
        minutes_to_evidence: from that ban until his accounts, had everybody known whose they are and doubted each, held
            enough known frauds for a containment: no evidence contains any sooner.
        minutes_to_follow: from that ban until no other of its accounts in the banned one's cluster was open that had
            never been asked anything.
        bans_followed: of all its bans, the share after which that was so within an hour.
        minutes_from_failed_proof: from the first proof that one of its accounts failed to the first containment.
        re_entry: of its attempts within 72 hours of a loss, the share that was let in without being asked.
        re_entry_touching: the same of attempts that share a strong identifier with an account that was lost by then.
        re_entry_changed: the same of attempts that share none with any.
        closed_share: of its accounts that got in, the share that was closed by containment or ban before the end.
        tied: share of its accounts that share a strong identifier with another of them a day after the 50th was
            opened: hardly more can be found by identifiers.
        cluster_recall: of these, the share that is in one cluster with most of those whom identifiers tie it to.
        cluster_honest: share of honest accounts in clusters that hold two or more who are tied to each other.
        in_bad_clusters: share of its accounts in clusters with a known fraud a day after the 50th was opened.
        found: 1 when that is 80 % at least; its mean over worlds is the recall of operators.
        known: the same share with those that were turned away, asked again, held or closed by then, wherever they are.
        honest: honest sign-ups.
        honest_contained: honest accounts closed by a containment; ``groups_contained`` those of classrooms,
            laboratories and families among them; ``honest_held`` those held for review after a ban of another's.
        honest_asked: share of honest people asked for a proof or more; ``honest_asked_in_attack`` of those who came
            since the operator's first attempt; likewise ``honest_reviewed`` and ``honest_denied``.
        honest_asked_later: share of honest people asked for a proof after they were let in, because of others.
        purity_loss: share of honest accounts among the contained.
        lost_per_survivor: accounts lost for each that was open at the end.
        replacements_per_loss: attempts after the first loss, for each loss.
        minutes_to_replacement: median time from a loss to its next attempt.
        standby_exposed: of the second pool's accounts that were let in, the share that nothing was done about 24 hours
            after half of the first pool was lost.
    """

    attempts: int
    unasked: int
    unasked_before_containment: int
    peak_alive: int
    minutes_from_ban: float | None
    minutes_to_evidence: float | None
    minutes_to_follow: float | None
    bans_followed: float | None
    minutes_from_failed_proof: float | None
    re_entry: float | None
    re_entry_touching: float | None
    re_entry_changed: float | None
    closed_share: float | None
    tied: float | None
    cluster_recall: float | None
    cluster_honest: float | None
    in_bad_clusters: float | None
    found: float | None
    known: float | None
    honest: int
    honest_contained: int
    groups_contained: int
    honest_held: int
    honest_asked: float
    honest_asked_in_attack: float
    honest_asked_later: float
    honest_reviewed: float
    honest_denied: float
    purity_loss: float | None
    lost_per_survivor: float | None
    replacements_per_loss: float | None
    minutes_to_replacement: float | None
    standby_exposed: float | None


def figures_of(rehearsal: Rehearsal) -> Figures:
    """Measure a rehearsal that was played to its end, against the true state."""
    own = [each for each in rehearsal.signups if each.truth.operator == rehearsal.operator]
    honest = [each for each in rehearsal.signups if not each.truth.fraud]
    began_at = own[0].at if own else rehearsal.signups[-1].at
    contained_at = rehearsal.contained_at
    unasked = [each for each in own if each.decision == "allow"]
    lost = sorted(
        ((at, each) for each in own if (at := _lost_at(each, rehearsal)) is not None), key=lambda pair: pair[0]
    )
    losses = [at for at, _ in lost]
    got_in = [each for each in own if each.truth.let_in]
    contained = [each for each in rehearsal.signups if each.contained]
    innocent = [each for each in contained if not each.truth.fraud]
    after = [each for each in own if _recent(losses, each.at)]
    touching, changed = _parted(after, lost)
    times = [each.at for each in own]
    waits = [
        (times[following] - lost_at) / timedelta(minutes=1)
        for lost_at in losses
        if (following := bisect_left(times, lost_at)) < len(times)
    ]
    failed = [each.truth.challenge.known_at for each in own if each.truth.challenge and not each.truth.challenge.passed]
    in_bad_clusters = rehearsal.in_bad_clusters
    return Figures(
        attempts=len(own),
        unasked=len(unasked),
        unasked_before_containment=sum(contained_at is None or each.at < contained_at for each in unasked),
        peak_alive=_peak(got_in, rehearsal),
        minutes_from_ban=_minutes(rehearsal.first_ban_at, contained_at),
        minutes_to_evidence=_minutes(rehearsal.first_ban_at, rehearsal.evidence_at),
        minutes_to_follow=_minutes(rehearsal.first_ban_at, rehearsal.first_followed_at),
        bans_followed=_share(sum(rehearsal.bans_followed), len(rehearsal.bans_followed)),
        minutes_from_failed_proof=_minutes(min(failed, default=None), contained_at),
        re_entry=_unasked(after),
        re_entry_touching=_unasked(touching),
        re_entry_changed=_unasked(changed),
        closed_share=_share(len(losses), len(got_in)),
        tied=None if rehearsal.ties is None else rehearsal.ties.tied,
        cluster_recall=None if rehearsal.ties is None else rehearsal.ties.recall,
        cluster_honest=None if rehearsal.ties is None else rehearsal.ties.honest,
        in_bad_clusters=in_bad_clusters,
        found=None if in_bad_clusters is None else float(in_bad_clusters >= FOUND_FROM),
        known=rehearsal.known,
        honest=len(honest),
        honest_contained=len(innocent),
        groups_contained=sum(each.truth.kind in _GROUPS for each in innocent),
        honest_held=sum(each.closed_at is not None and not each.contained for each in honest),
        honest_asked=_at_least(honest, ("step_up", "review", "deny")),
        honest_asked_in_attack=_at_least(
            [each for each in honest if each.at >= began_at], ("step_up", "review", "deny")
        ),
        honest_asked_later=_share(sum(each.asked_at is not None for each in honest), len(honest)) or 0.0,
        honest_reviewed=_at_least(honest, ("review", "deny")),
        honest_denied=_at_least(honest, ("deny",)),
        purity_loss=_share(len(innocent), len(contained)),
        lost_per_survivor=_share(len(losses), len(got_in) - len(losses)),
        replacements_per_loss=_share(sum(bool(losses) and at > losses[0] for at in times), len(losses)),
        minutes_to_replacement=median(waits) if waits else None,
        standby_exposed=_exposed(got_in, rehearsal),
    )


def _parted(
    after: Sequence[Rehearsed], lost: Sequence[tuple[datetime, Rehearsed]]
) -> tuple[list[Rehearsed], list[Rehearsed]]:
    """Those who share a strong identifier with an account that was lost before they came, and those who do not."""
    lost_at: dict[str, datetime] = {}
    for at, each in lost:
        for value in each.identifiers:
            lost_at.setdefault(value, at)
    parted: tuple[list[Rehearsed], list[Rehearsed]] = [], []
    for each in after:
        touches = any(lost_at.get(value, each.at) < each.at for value in each.identifiers)
        parted[0 if touches else 1].append(each)
    return parted


def _exposed(got_in: Sequence[Rehearsed], rehearsal: Rehearsal) -> float | None:
    first = [_lost_at(each, rehearsal) for each in got_in if each.truth.variant == "A16-first"]
    falls = sorted(at for at in first if at is not None)
    if 2 * len(falls) < len(first) or not falls:
        return None
    fell_at = falls[(len(first) - 1) // 2]
    second = [each for each in got_in if each.truth.variant == "A16-standby" and each.at < fell_at]
    since = [
        min((at for at in (_lost_at(each, rehearsal), each.asked_at) if at is not None), default=None)
        for each in second
    ]
    return _share(sum(at is None or at > fell_at + EXPOSED for at in since), len(second))


def _unasked(attempts: Sequence[Rehearsed]) -> float | None:
    return _share(sum(each.decision == "allow" for each in attempts), len(attempts))


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
