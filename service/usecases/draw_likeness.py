"""Draw likenesses: what the accounts that fell in the last days have in common, and who else is like them.

Who failed a proof counts with the banned: that is known in minutes where labels take days, and of those who fail one
during an attack few are honest.

Newcomers above a line are asked for a proof; so are accounts that were let in before, above a higher one. Both lines
are read off sign-ups from before most of the banned came: later ones may be more of the same operator. Whoever a proof
or a reviewer let in is asked nothing again: where he is like the banned even so, somebody else looks at him, once.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.linkage.identifier import STRONG_KINDS
from models.linkage.marks import Mark
from service.domain.containment import WORKER
from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.domain.habits import Habits, habits_of
from service.domain.likeness import (
    LIKE_BANNED,
    LIKE_BANNED_REASON,
    SURGE,
    Counts,
    Likeness,
    left_of,
    line_above,
    log_odds,
    surge_from,
)
from service.domain.policy_sections.clusters import AfterBan
from service.usecases.after_bans_in_force import like_the_banned
from service.usecases.faster_others import leaving_to_others
from service.usecases.judge import Judge
from service.usecases.look_again import look_again
from service.usecases.open_case import vouched_subject
from service.usecases.ports import AuditEntry, Begin, Recorded, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, IdentifierKey
from service.usecases.second_look import stands_as_decided
from service.usecases.tell_consequence import TellConsequence
from service.usecases.workers_cases import WorkersCase, WorkersCases

FEWEST = 3
"""Fallen accounts that have anything in common; and so many more or fewer are a reason to draw anew."""
CHANGED = 0.02
"""The share of them that must be others than before: a draw takes half a second."""

FEWEST_BACK, GROWN, AGAIN_AFTER = 10, 1.5, timedelta(hours=24)
"""Accounts that were let in before are looked at once so many fell, again when they are half as many more, or daily."""

MOST = 400
"""The newest of them, which know the operator's habits of today."""

WAVE = timedelta(hours=6)
"""Sign-ups of the last hours that fell are a wave when they are several times what the days before let expect."""

SAMPLE = 2_000
"""The newest sign-ups, and as many from before most of the banned: everybody else."""

OLDEST_IN = 10
"""Where they begin nowhere in particular, one in so many may have come before those others: a single old account would
make them stale."""

STALE = timedelta(days=30)
"""So old sign-ups say little of the honest ones of today; of an attack that goes on for longer some may be its own. An
operator who persists would only have to wait for less."""

ALIKE, ALIKE_SHARE, APART = 2, 0.1, 0.02
"""How many of them must be told apart from all but so few others by habits alone, in number and share: those who fell
for reasons of their own have nothing in common, and what they would spend of the budget is missing in an attack.

How few is no matter of the budget: with a smaller one an attack was noticed hours later on one simulated world.
"""

ASKED, WELL_SPENT = 30, 0.5
"""So many whom nothing else asked, of whom such a share failed the proof or was banned: then the budget is spared. Of
honest people one in fifteen fails; where half do, most of the asked are the operator's."""

ANSWERS_AFTER, ANSWERS_FOR = timedelta(hours=1), timedelta(hours=24)
"""When they came: whoever has not answered by then counts for the honest ones, who may take longer than programs do."""

VOUCHED = 1.5
"""What a proof or a verdict takes off the log-odds: honest people get one four or five times as often as fraudsters.
On a simulated world most of an operator's accounts that had got one lie above the line even so, and one honest one."""

MONTH = timedelta(days=30)
BATCH = 100
ROUND = timedelta(minutes=10)
"""No two rounds of the worker lie further apart."""


@dataclass(frozen=True, slots=True)
class _Account:
    """One sign-up as it is counted: its habits, the log-odds of its score, how it was first decided.

    ``unasked`` says that it was let in without a proof, ``asked_alike`` that a likeness asked for one and nothing else.
    """

    habits: Habits
    strong: frozenset[IdentifierKey]
    odds: float
    unasked: bool
    asked_alike: bool


class DrawLikeness:
    """A job of the worker, which remembers the habits of the sign-ups it has seen.

    ``cases`` takes what a person looks at.
    """

    def __init__(self, begin: Begin, judge: Judge, cases: WorkersCases, tell: TellConsequence) -> None:
        self._begin = begin
        self._judge = judge
        self._cases = cases
        self._tell = tell
        self._drawn_of: frozenset[int] = frozenset()
        self._due: datetime | None = None
        self._back: tuple[int, datetime] | None = None
        self._newest: dict[int, _Account] = {}
        self._before: dict[int, _Account] = {}
        self._looked_at: set[int] = set()

    def __call__(self, now: datetime) -> int:
        """Draw anew when enough became known since; how many accounts are asked that were let in before."""
        lines = self._judge.policy().document.clusters.after_ban
        if not lines.likeness_hours:
            return 0
        with self._begin() as work:
            fallen = work.likenesses.fallen(since=now - timedelta(hours=lines.likeness_hours), limit=SAMPLE)
            changed = len(self._drawn_of ^ set(fallen))
            if changed < max(FEWEST, CHANGED * len(self._drawn_of)) and not (self._due and now >= self._due):
                return 0
            if len(fallen) < FEWEST:
                work.likenesses.end(at=now)
                work.commit()
                self._drawn_of, self._due = frozenset(fallen), None
                return 0
            return self._draw(work, fallen, lines, now)

    def _draw(self, work: UnitOfWork, fallen: Sequence[int], lines: AfterBan, now: datetime) -> int:
        drawn_of = frozenset(fallen)
        banned = self._accounts(work, _in_a_wave(work.clusters.several(fallen[:MOST]), lines, now))
        strong = frozenset[IdentifierKey]().union(*(each.strong for each in banned.values()))
        before_no = _before_the_attack(work, fallen, now)
        before = self._others_before(work, before_no)
        newest = self._others_lately(work)
        # Of a flood most of the newest are the operator's: those that were asked say nothing of others, nor do those of
        # them who passed a proof, as some fraudsters do.
        lately = {number: each for number, each in newest.items() if each.unasked}
        others = {
            number: each
            for number, each in {**lately, **before}.items()
            if number not in drawn_of and not each.strong & strong
        }
        counts = Counts([each.habits for each in banned.values()], [each.habits for each in others.values()])
        honest = [others[number] for number in before if number in others]
        totals = [counts.total_of_another(each.habits) for each in honest]
        values = [each.odds + total for each, total in zip(honest, totals, strict=True) if each.unasked]
        hours = timedelta(hours=lines.likeness_hours)
        share, well_spent = lines.likeness_at_once, _well_spent(work, newest, now)
        if not well_spent:
            drawn = work.likenesses.drawn(since=now - MONTH)
            share = min(share, left_of(lines.likeness_budget, drawn, of=MONTH, for_=hours, now=now))
        line = line_above(values, share=share, of=len(honest))
        apart = line_above(totals, share=APART, of=len(honest))
        alike = sum(counts.total_of_banned(each.habits) > apart for each in banned.values())
        in_common = alike >= max(ALIKE, ALIKE_SHARE * len(banned))
        if not in_common:
            line = math.inf
        likeness = Likeness(
            number=work.likenesses.next_number(),
            id=self._judge.new_id(now),
            weights=counts.weights(),
            banned=len(banned),
            before_no=before_no if in_common else 0,
            line=line,
            back_line=max(line, line_above(values, share=min(lines.likeness_back, share), of=len(honest))),
            expected_share=0.0 if well_spent or not math.isfinite(line) else share,
            drawn_at=now,
            until=now + (WAVE if well_spent else hours),
        )
        work.likenesses.draw(likeness)
        detail: dict[str, object] = {
            "banned": likeness.banned,
            "alike": alike,
            "others": len(others),
            "expected_share": round(share if math.isfinite(line) else 0.0, 6),
            "well_spent": well_spent,
        }
        work.audit.add(AuditEntry(now, WORKER, "likeness.drawn", likeness.id, detail))
        # Whether it was well spent is asked anew before it ends.
        due = likeness.until - ROUND if well_spent else None
        try:
            work.commit()
        except ConflictError:
            self._drawn_of, self._due = drawn_of, due
            return 0  # another worker drew at the same moment, and asks
        # Should asking fail, it is drawn anew soon, and not only once others have fallen.
        self._drawn_of, self._due = drawn_of, now + ROUND
        asked = 0
        if math.isfinite(line) and len(fallen) >= FEWEST_BACK:
            above = {
                number: each.odds + counts.total_of_another(each.habits) - likeness.back_line
                for number, each in newest.items()
                if number not in drawn_of
            }
            asked = self._look_back(above, likeness, len(fallen), now)
        self._due = due
        return asked

    def _look_back(self, above: Mapping[int, float], likeness: Likeness, fallen: int, now: datetime) -> int:
        """Look at accounts that were let in before, by how far they lie above the line; how many are asked.

        Each time asks a few more who are honest.
        """
        self._have_looked_at([number for number, by in above.items() if by > VOUCHED], likeness)
        before = self._back
        if before and fallen < GROWN * before[0] and now < before[1] + AGAIN_AFTER:
            return 0
        asked = self._ask([number for number, by in above.items() if by > 0], likeness, now)
        self._back = (fallen, now)
        return asked

    def _others_lately(self, work: UnitOfWork) -> Mapping[int, _Account]:
        first = max(0, work.clusters.last_no() - SAMPLE)
        seen = max(self._newest, default=first)
        known = {number: each for number, each in self._newest.items() if number > first}
        members = work.clusters.recent(after_no=max(first, seen), limit=SAMPLE)
        self._newest = known | self._accounts(work, members)
        return self._newest

    def _others_before(self, work: UnitOfWork, first: int) -> Mapping[int, _Account]:
        known = self._before | self._newest
        members = [
            each
            for each in work.clusters.recent(after_no=max(0, first - 1 - SAMPLE), limit=SAMPLE)
            if each.signup_no < first
        ]
        seen = {each.signup_no: known[each.signup_no] for each in members if each.signup_no in known}
        self._before = seen | self._accounts(work, [each for each in members if each.signup_no not in seen])
        return self._before

    def _accounts(self, work: UnitOfWork, members: Sequence[ClusterMember]) -> dict[int, _Account]:
        """As they were first assessed; those that no model scored are left out."""
        of_number = {member.signup_no: member for member in members}
        found = {}
        for recorded in work.ledger.several(list(of_number)):
            first = recorded.assessments[0] if recorded.assessments else None
            if first is None or first.score is None:
                continue
            member = of_number[recorded.signup_no]
            found[recorded.signup_no] = _Account(
                habits=habits_of([(key.kind, key.digest) for key in member.identifiers], first.signals),
                strong=frozenset(key for key in member.identifiers if key.kind in STRONG_KINDS),
                odds=log_odds(first.score),
                unasked=first.decision is Decision.ALLOW,
                asked_alike=first.rules == (LIKE_BANNED,) and first.score < self._line(recorded),
            )
        return found

    def _line(self, recorded: Recorded) -> float:
        """From which score on the sign-up would have been asked for a proof anyway."""
        return self._judge.policy().document.thresholds[recorded.signup.account_type].step_up

    def _ask(self, like_them: Sequence[int], likeness: Likeness, now: datetime) -> int:
        """Ask those for a proof who were let in and whom nobody has asked or cleared since."""
        return leaving_to_others(lambda some: self._ask_some(some, likeness, now), like_them, batch=BATCH)

    def _ask_some(self, numbers: Sequence[int], likeness: Likeness, now: datetime) -> int:
        asked = 0
        with self._begin() as work:
            known = [each for each in work.clusters.several(numbers) if each.label or _is_vouched_for(each)]
            cleared = {each.signup_no for each in known}
            for recorded in work.ledger.several([number for number in numbers if number not in cleared]):
                if not stands_as_decided(recorded):
                    continue
                held = like_the_banned(likeness, self._newest[recorded.signup_no].habits)
                assessment = look_again(work, self._judge, recorded, now=now, look_out=lambda *_, held=held: (held,))
                because = {"after": "likeness", "likeness": likeness.id}
                asked += self._tell(work, recorded, assessment, because=because, now=now) is not None
            work.commit()
        return asked

    def _have_looked_at(self, numbers: Collection[int], likeness: Likeness) -> None:
        """Have somebody else look at those who were vouched for: whoever let them in did not know of these bans."""
        unseen = sorted(set(numbers) - self._looked_at)
        if not unseen:
            return
        with self._begin() as work:
            vouched = {each.signup_no: each for each in work.clusters.several(unseen) if _is_vouched_for(each)}
            for recorded in work.ledger.several(list(vouched)):
                if recorded.assessments[-1].decision is not Decision.DENY:
                    self._cases.open(work, self._case_of(vouched[recorded.signup_no], likeness))
            work.commit()
        self._looked_at = (self._looked_at & self._newest.keys()) | vouched.keys()

    def _case_of(self, member: ClusterMember, likeness: Likeness) -> WorkersCase:
        by = "verdict" if member.label is Mark.GOOD else "proof"
        held = like_the_banned(likeness, self._newest[member.signup_no].habits)
        return WorkersCase(
            subject=vouched_subject(member.id),
            owner=member.owner,
            reason=LIKE_BANNED_REASON,
            record_id=member.id,
            size=1,
            detail={"likeness": likeness.id, "let_in_by": by},
            note=f"Let in by a {by} before these bans were known. {held.reason.text}",
            group=held.reason.group,
            again=True,
        )


def _before_the_attack(work: UnitOfWork, fallen: Sequence[int], now: datetime) -> int:
    """The sign-up before which others came: where the fallen begin, or where the likeness that holds put it.

    They begin where they come far more densely than before; somebody who signed up in quiet days and failed a proof
    yesterday is no part of it. Of an attack that goes on for days, those who came before most of its newest fallen are
    its own, also while what is left of the budget asks nobody.
    """
    numbers = sorted(fallen)
    first = surge_from(numbers, last=work.clusters.last_no()) or numbers[len(numbers) // OLDEST_IN]
    standing = work.likenesses.standing(now=now)
    if standing is None or not standing.before_no or standing.before_no >= first:
        return first
    there = work.clusters.member(standing.before_no)
    return first if there is None or there.recorded_at < now - STALE else standing.before_no


def _well_spent(work: UnitOfWork, newest: Mapping[int, _Account], now: datetime) -> bool:
    """Whether most of those whom nothing but a likeness asked lately failed the proof or were banned."""
    asked = [
        each.label is Mark.BANNED or (each.label is None and each.proof is Mark.FAILED)
        for each in work.clusters.several([number for number, each in newest.items() if each.asked_alike])
        if now - ANSWERS_FOR < each.recorded_at < now - ANSWERS_AFTER
    ]
    return len(asked) >= ASKED and sum(asked) >= WELL_SPENT * len(asked)


def _in_a_wave(fallen: Sequence[ClusterMember], lines: AfterBan, now: datetime) -> Sequence[ClusterMember]:
    """Those who came in the last hours where they are a wave, everybody where they are not.

    The few that fell in the quiet days before have nothing to do with an attack that begins, and blur its first draws.
    """
    wave = [each for each in fallen if each.recorded_at > now - WAVE]
    before = max(timedelta(hours=lines.likeness_hours) - WAVE, WAVE)
    expected = (len(fallen) - len(wave)) * (WAVE / before)
    return wave if len(wave) >= max(FEWEST, SURGE * expected) else fallen


def _is_vouched_for(member: ClusterMember) -> bool:
    return member.label is Mark.GOOD or (member.label is None and member.proof is Mark.PASSED)
