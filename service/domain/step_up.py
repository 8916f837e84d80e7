"""A step-up: everything that is asked of one person, the doubt behind it, and what the answers make of the decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from service.domain.challenge import Challenge, ChallengeMethod
from service.domain.decision import Decision, harsher
from service.domain.errors import NotFoundError
from service.domain.evidence import Doubt, Silence, Table, probability_of, ratio_of, settles


@dataclass(frozen=True, slots=True)
class PageSeal:
    """The hosted page of a step-up: the digest its token is found by, and the version of the key that makes it."""

    version: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class StepUp:
    """The challenges of one sign-up. Changed as a whole: ``version`` tells whether somebody else was faster.

    Attributes:
        record_id: the sign-up.
        owner: whose it is.
        reference: what the person names when they ask for help; says nothing by itself.
        page: its hosted page.
        doubt: what is doubted.
        challenges: in the order they were asked.
        version: counts the changes.
    """

    record_id: str
    owner: str
    reference: str
    page: PageSeal
    doubt: Doubt
    challenges: tuple[Challenge, ...] = ()
    version: int = 0

    def challenge(self, challenge_id: str) -> Challenge:
        """One of them.

        Raises:
            NotFoundError: it is not of this step-up.
        """
        for each in self.challenges:
            if each.id == challenge_id:
                return each
        raise NotFoundError("There is no such challenge.")

    @property
    def pending(self) -> tuple[Challenge, ...]:
        """Those that await an answer."""
        return tuple(each for each in self.challenges if each.pending)

    @property
    def used(self) -> frozenset[ChallengeMethod]:
        """The methods that were asked for, whatever came of them."""
        return frozenset(each.method for each in self.challenges)

    def with_challenge(self, challenge: Challenge) -> StepUp:
        """The step-up with one challenge replaced."""
        return self.each(lambda kept: challenge if kept.id == challenge.id else kept)

    def asking(self, *challenges: Challenge) -> StepUp:
        """The step-up with more challenges."""
        return replace(self, challenges=(*self.challenges, *challenges))

    def each(self, change: Callable[[Challenge], Challenge]) -> StepUp:
        """The step-up with every challenge changed."""
        return replace(self, challenges=tuple(map(change, self.challenges)))


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a challenge's history; never changed. ``detail`` holds nothing personal."""

    challenge_id: str
    at: datetime
    what: str
    actor: str
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the answers so far amount to: ``ratio`` is what they multiply the odds by."""

    probability: float
    settled: bool
    ratio: float


def standing_of(step_up: StepUp, table: Table, silence: Silence) -> Standing:
    """The probability of fraud given every answer, and whether the doubt is settled."""
    ratio = ratio_of(step_up.challenges, step_up.doubt.groups, table, silence)
    return Standing(
        probability=probability_of(step_up.doubt.odds * ratio),
        settled=settles(step_up.doubt, step_up.challenges, table, silence),
        ratio=ratio,
    )


def decision_after(standing: Standing, by_score: Decision) -> Decision:
    """The decision: a settled doubt allows; else the score line decides, and never more mildly than ``step_up``."""
    return Decision.ALLOW if standing.settled else harsher(by_score, Decision.STEP_UP)


def steps_between(before: StepUp | None, after: StepUp, *, now: datetime, actor: str) -> Iterator[Step]:
    """The entries of the history that lead from one state to another."""
    known = {} if before is None else {each.id: each for each in before.challenges}
    for challenge in after.challenges:
        old = known.get(challenge.id)
        for what, detail in _changes(old, challenge):
            yield Step(challenge.id, now, what, actor, detail)


def _changes(old: Challenge | None, new: Challenge) -> Sequence[tuple[str, dict[str, object]]]:
    if old is None:
        return [("asked", {"method": new.method.value, "expires_at": new.expires_at.isoformat()})]
    found: list[tuple[str, dict[str, object]]] = []
    if new.opened and not old.opened:
        found.append(("opened", {}))
    if new.sends_left < old.sends_left:
        found.append(("code_asked", {"sends_left": new.sends_left}))
    if len(new.codes) and new.codes != old.codes:
        found.append(("code_made", {}))
    if new.tries_left < old.tries_left:
        found.append(("wrong_answer", {"tries_left": new.tries_left}))
    if new.status is not old.status and new.closed_by is not None:
        found.append((new.status.value, {"by": new.closed_by.value, **new.evidence}))
    return found
