"""Second looks: accounts that were let in are judged again in their first day, when what came after them is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.linkage.identifier import IdentifierKind, Strength, strength_of
from service.domain.decision import Decision
from service.domain.errors import ConflictError
from service.usecases.ask_again import AskAgain
from service.usecases.decision_events import changed
from service.usecases.follow_up import looked_at, open_its_case
from service.usecases.judge import Judge
from service.usecases.look_again import facts_now
from service.usecases.ports import Begin, Recorded, UnitOfWork
from service.usecases.ports_second_look import Place
from service.usecases.ports_step_up import StepUpMovedError
from service.usecases.step_up_methods import Person
from service.usecases.tell_consequence import append_reassessed

PAGE = 50
"""Looks of one transaction: another worker that was faster costs so many at most."""

MISSED = timedelta(hours=24)
"""A look that is due for longer than this was missed, as after a stay of the worker, and is left out."""

AFTER_SECOND_LOOK = "second_look"
"""What a decision that it changed is said to have followed from."""

_NOBODY_DRAWS = 1.0

Counts = Mapping[str, Mapping[str, int]]
"""The linkage as a document; see ``models.linkage.velocity.Linkage.as_document``."""

_WHAT_IS_BAD = {
    "bans": ("strong", "strong_kinds", "pairs_14d", "triples_72h"),
    "cluster": ("frauds", "contained"),
    # Not of places: of what strangers on one network or at one university do, nobody else is to answer for.
    **{kind.value: ("banned", "challenges_failed") for kind in IdentifierKind if strength_of(kind) is Strength.STRONG},
}


@dataclass(frozen=True, slots=True)
class Looked:
    """How many were looked at, and of how many the decision is another one now."""

    looked: int = 0
    changed: int = 0

    def __add__(self, other: Looked) -> Looked:
        return Looked(self.looked + other.looked, self.changed + other.changed)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """A job of the worker, and on demand.

    Whoever was let in by the first decision and never looked at by a person, a proof or a draw since is judged by the
    rules of a first decision, with the history as it is at the look. Nobody gets a milder decision this way, a look
    without a model changes nothing that a model decided, and those who came later prove nothing by coming: a decision
    changes when something bad became known of what they share, or a rule of the policy holds that did not hold before.
    """

    begin: Begin
    judge: Judge
    ask_again: AskAgain

    def __call__(self, now: datetime) -> int:
        """Look at whoever is due, up to the policy's number a round; of how many the decision changed."""
        lines, found = self.judge.policy().document.second_look, Looked()
        for hours in lines.after_hours:
            after = timedelta(hours=hours)
            while found.looked < lines.a_round:
                page = self._page(after, now, min(PAGE, lines.a_round - found.looked))
                found += page
                if not page.looked:
                    break
        return found.changed

    def on_demand(self, *, since: datetime, now: datetime, told: Callable[[int], None] = lambda _: None) -> Looked:
        """Look at everybody who was recorded since an instant and stands as first decided, whatever was due."""
        found, place = Looked(), None
        while True:
            with self.begin() as work:
                page = work.second_looks.recorded(after=place, since=since, until=now, limit=PAGE)
                looked = self._look(work, page, now, why={"after": AFTER_SECOND_LOOK})
                if not self._committed(work):
                    raise ConflictError("Somebody else changed a sign-up at the same moment; look again.")
            if not page:
                return found
            found, place = found + Looked(len(page), looked), page[-1]
            told(found.looked)

    def _page(self, after: timedelta, now: datetime, limit: int) -> Looked:
        """One transaction: the looks and the step of the cursor, both or neither."""
        with self.begin() as work:
            before = work.second_looks.cursor(after)
            page = work.second_looks.recorded(after=before, since=now - after - MISSED, until=now - after, limit=limit)
            if not page:
                return Looked()
            hours = round(after / timedelta(hours=1), 2)
            looked = self._look(work, page, now, why={"after": AFTER_SECOND_LOOK, "hours": hours})
            work.second_looks.move(after, before=before, to=page[-1])
            return Looked(len(page), looked) if self._committed(work) else Looked()

    def _look(self, work: UnitOfWork, page: Iterable[Place], now: datetime, *, why: dict[str, object]) -> int:
        records = work.ledger.several([each.signup_no for each in page])
        return sum(self._one(work, recorded, now, why) for recorded in records if stands_as_decided(recorded))

    def _one(self, work: UnitOfWork, recorded: Recorded, now: datetime, why: dict[str, object]) -> bool:
        before = recorded.assessments[-1]
        facts = facts_now(work, self.judge, recorded, now=now)
        # A draw would let in at random what the look has just found.
        judge = replace(self.judge, chance=lambda: _NOBODY_DRAWS)
        assessment = judge(facts, now=now)
        if (assessment.degraded and not before.degraded) or assessment.decision.severity <= before.decision.severity:
            return False
        known = something_became_known(before.linkage, facts.linkage.as_document())
        if not known and set(assessment.rules) <= set(before.rules):
            return False
        assessment, step_up = self.ask_again(
            work, Person(recorded.signup, facts.signals), assessment, recorded, now=now
        )
        review = self.judge.policy().document.review
        case = open_its_case(work, recorded, assessment, review=review, new_id=self.judge.new_id, now=now)
        view = looked_at(recorded, assessment, step_up=step_up, case=case)
        told = changed(view.current, before=before.decision, owner=recorded.owner, now=now, new_id=self.judge.new_id)
        append_reassessed(work, self.judge, recorded, assessment, told, because=why, now=now, due=now)
        return True

    @staticmethod
    def _committed(work: UnitOfWork) -> bool:
        try:
            work.commit()
        except (ConflictError, StepUpMovedError):
            return False  # another worker was faster, or a person answers this moment: the next round sees
        return True


def something_became_known(before: Counts, now: Counts) -> bool:
    """Whether bans, failed proofs, frauds in the cluster or a containment came near since.

    Sharing alone is no reason: on two simulated weeks it asked or held 1.2 % of the honest accounts after the fact,
    families and people who had signed up twice, beside 18 % of the fraudulent ones.
    """
    return any(now_count > _count(before, part, name) for part, name, now_count in _bad(now))


def _bad(linkage: Counts) -> Iterator[tuple[str, str, int]]:
    for part, names in _WHAT_IS_BAD.items():
        for name in names:
            yield part, name, _count(linkage, part, name)


def _count(linkage: Counts, part: str, name: str) -> int:
    return linkage.get(part, {}).get(name, 0)


def stands_as_decided(recorded: Recorded) -> bool:
    """Whether it was let in by the first decision, and nobody and nothing has decided since."""
    if len(recorded.assessments) != 1:
        return False
    only = recorded.assessments[0]
    return only.decision is Decision.ALLOW and only.explored is None
