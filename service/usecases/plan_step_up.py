"""Plan a step-up: from the reasons of a decision to the least that is asked of the person, or to a human."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.signup import AccountType
from service.domain.challenge import Challenge, ChallengeMethod, ClosedBy
from service.domain.decision import Assessment, Decision, Reason
from service.domain.errors import FieldError, InvalidError
from service.domain.evidence import Doubt, Silence, Table, choose, odds_of, would_settle
from service.domain.likeness import LIKE_BANNED
from service.domain.occasion import CHALLENGE_GROUP, dominating_groups, evidence_groups, occasions_of
from service.domain.pass_rates import PassRate, as_overlay
from service.domain.policy import Policy
from service.domain.policy_sections.challenges import ChallengesSection
from service.domain.step_up import StepUp, standing_of, steps_between
from service.domain.watch import WATCHED
from service.usecases.ports_step_up import Mail, NewStepUp, StepUpSecrets
from service.usecases.step_up_methods import Person, StepUpMethods

_REFERENCE = re.compile("[0-9a-f]{12}")

LEAST_LINE = 0.01
"""An allow line of nothing would never be crossed: a policy that asks everybody is content with one in a hundred."""

NO_PROOF = Reason("NO_PROOF_SETTLES", CHALLENGE_GROUP, "No proof that this person can give would settle the doubt.")

_AFTER_BANS = frozenset({WATCHED, LIKE_BANNED})
_PROVEN_AFTER_BANS = Reason(
    "PROVEN_AFTER_BANS",
    "grant",
    "A proof was given, and the account begins on probation: it has habits of accounts that were banned in these days.",
)


@dataclass(frozen=True, slots=True)
class Terms:
    """The challenge table in force, of one policy."""

    section: ChallengesSection
    table: Table
    silence: Silence


@dataclass(frozen=True, slots=True)
class PlanStepUp:
    """Chooses challenges. ``rates`` are the pass rates in force; ``language_of`` reads an Accept-Language header."""

    policy: Callable[[], Policy]
    rates: Callable[[], Sequence[PassRate]]
    methods: StepUpMethods
    secrets: StepUpSecrets
    language_of: Callable[[str | None], str]
    new_id: Callable[[datetime], str]

    def __call__(
        self,
        person: Person,
        assessment: Assessment,
        *,
        record_id: str,
        owner: str,
        now: datetime,
        told_at: datetime | None = None,
    ) -> tuple[Assessment, NewStepUp | None]:
        """What is asked because of an assessment; with nothing that would settle it, a person decides.

        ``told_at`` is when the person can know of it: no mail goes out before, and the time to answer begins then.
        """
        if assessment.decision is not Decision.STEP_UP:
            return assessment, None
        step_up = StepUp(
            record_id=record_id,
            owner=owner,
            reference=reference_of(record_id),
            page=self.secrets.seal(record_id),
            doubt=self.doubt(person, assessment),
        )
        asked, mails = self.ask(step_up, person, now=now, told_at=told_at)
        if not asked.challenges:
            return to_review(assessment), None
        steps = tuple(steps_between(None, asked, now=now, actor="gatehouse"))
        return assessment, NewStepUp(asked, steps, mails)

    def again(
        self,
        existing: StepUp,
        person: Person,
        assessment: Assessment,
        *,
        now: datetime,
        told_at: datetime | None = None,
    ) -> tuple[Assessment, StepUp, tuple[Mail, ...]]:
        """The same for a sign-up that was asked before: what it has proven still counts."""
        step_up = replace(existing, doubt=self.doubt(person, assessment))
        if assessment.decision is not Decision.STEP_UP:
            return assessment, step_up.each(lambda each: each.not_needed(now)), ()
        terms = self.terms()
        if standing_of(step_up, terms.table, terms.silence).settled:
            allowed = self.let_in(assessment, now=now)
            return allowed, step_up.each(lambda each: each.not_needed(now)), ()
        step_up = step_up.each(lambda each: each.expired(now))
        asked, mails = self.ask(step_up, person, now=now, told_at=told_at, again=True)
        return (assessment if asked.pending else to_review(assessment)), asked, mails

    def let_in(self, assessment: Assessment, *, now: datetime) -> Assessment:
        """The assessment of somebody who settled its doubt by a proof: allowed.

        Where it was the bans of the last days that asked for the proof, the account begins on probation: whoever has
        the habits of the banned and is one of them has bought proofs before.
        """
        allowed = replace(assessment, decision=Decision.ALLOW)
        if _AFTER_BANS.isdisjoint(assessment.rules):
            return allowed
        return replace(allowed, grant=self.policy().probation(now), reasons=(*assessment.reasons, _PROVEN_AFTER_BANS))

    def terms(self) -> Terms:
        """The challenge table in force."""
        section = self.policy().document.challenges
        overlay = as_overlay(self.rates(), section.table())
        return Terms(section, section.table(overlay), section.silence)

    def line_decision(self, account_type: AccountType, probability: float) -> Decision:
        """What the policy's lines make of a probability."""
        return self.policy().document.thresholds[account_type].decision_for(probability)

    def doubt(self, person: Person, assessment: Assessment) -> Doubt:
        """What the assessment doubts."""
        document = self.policy().document
        section = document.challenges
        line = max(document.thresholds[person.signup.account_type].step_up, LEAST_LINE)
        score = assessment.score
        rules = {each.reason: "linkage" for each in document.rules if "linkage." in each.when}
        found = dominating_groups(
            assessment.reasons, rules | section.groups_of_rules, scored=score is not None and score >= line
        )
        raising = frozenset(each.code for each in assessment.reasons if (each.contribution or 0.0) > 0)
        occasions = occasions_of(found, raising, assessment.signals)
        sections = [section.occasions[each] for each in occasions]
        preferred = {each: section.second_discount for part in sections for each in part.second}
        preferred |= {each: section.first_discount for part in sections for each in part.first}
        return Doubt(
            odds=max(odds_of(score or 0.0), odds_of(line)),
            allow_odds=odds_of(line),
            groups=evidence_groups(found, occasions),
            never_alone=frozenset(each for part in sections for each in part.never_alone),
            occasions=tuple(each.value for each in occasions),
            preferred=preferred,
            score=score,
        )

    def candidates(self, step_up: StepUp, person: Person, *, again: bool = False) -> tuple[ChallengeMethod, ...]:
        """The methods that may still be asked: possible, offered, and not asked before.

        Args:
            step_up: what was asked so far.
            person: of whom.
            again: a method that merely ran out may be asked once more.
        """
        section = self.terms().section
        over = {ClosedBy.TIME, ClosedBy.NOT_NEEDED}
        used = {each.method for each in step_up.challenges if not (again and each.closed_by in over)}
        return tuple(
            method
            for method in self.methods.possible(person)
            if method not in used and method in section.methods and section.methods[method].offered
        )

    def choices(self, step_up: StepUp, person: Person) -> tuple[ChallengeMethod, ...]:
        """The methods a person may choose in place of what is pending, each of which leads to an end."""
        if self._exhausted(step_up):
            return ()
        candidates = self.candidates(step_up, person)
        return tuple(each for each in candidates if self._chosen(step_up, candidates, including=each))

    def ask(
        self,
        step_up: StepUp,
        person: Person,
        *,
        now: datetime,
        told_at: datetime | None = None,
        including: ChallengeMethod | None = None,
        again: bool = False,
    ) -> tuple[StepUp, tuple[Mail, ...]]:
        """The step-up with what settles the doubt asked for; unchanged when nothing would, or too much was asked.

        What is pending is kept if it is part of that, and given up if not.
        """
        if self._exhausted(step_up):
            return step_up, ()
        candidates = self.candidates(step_up, person, again=again)
        chosen = self._chosen(step_up, candidates, including=including)
        if not chosen:
            return step_up, ()
        kept = step_up.each(lambda each: each if each.method in chosen else each.not_needed(now))
        pending = {each.method for each in kept.pending}
        told_at = told_at or now
        asked = [self._begun(method, person, now, told_at) for method in chosen if method not in pending]
        language = self.language_of(person.signup.device.accept_language)
        mails = tuple(Mail(self.new_id(now), each.id, language, told_at) for each in asked if each.sent_at is not None)
        return kept.asking(*asked), mails

    def still_settles(self, step_up: StepUp) -> bool:
        """Whether passing everything that is pending would settle the doubt."""
        terms = self.terms()
        pending = tuple(each.method for each in step_up.pending)
        return bool(pending) and would_settle(
            step_up.doubt, pending, terms.table, terms.silence, results=step_up.challenges
        )

    def _chosen(
        self, step_up: StepUp, candidates: Sequence[ChallengeMethod], *, including: ChallengeMethod | None
    ) -> tuple[ChallengeMethod, ...]:
        terms = self.terms()
        pending = tuple(each.method for each in step_up.pending)
        return choose(
            step_up.doubt,
            (*pending, *candidates),
            terms.table,
            terms.silence,
            results=step_up.challenges,
            including=including,
        )

    def _exhausted(self, step_up: StepUp) -> bool:
        ended = [each for each in step_up.challenges if each.closed_by is not ClosedBy.TIME]
        return len(ended) >= self.terms().section.most_methods

    def _begun(self, method: ChallengeMethod, person: Person, now: datetime, told_at: datetime) -> Challenge:
        """A new challenge; where the mailbox is known, its first code is on its way."""
        section = self.terms().section.methods[method]
        mailed = self.methods.mailed_code(method)
        sending = mailed is not None and section.sends > 0 and mailed.known_address(person) is not None
        return Challenge(
            id=self.new_id(now),
            method=method,
            created_at=now,
            expires_at=told_at + timedelta(hours=section.hours),
            tries_left=section.tries,
            sends_left=section.sends - sending,
            sent_at=now if sending else None,
        )


def to_review(assessment: Assessment) -> Assessment:
    """The assessment of a doubt that only a person can settle."""
    return replace(assessment, decision=Decision.REVIEW, reasons=(*assessment.reasons, NO_PROOF))


def reference_of(record_id: str) -> str:
    """What a person names when they ask for help: the random part of the record's id, in groups."""
    digits = record_id.replace("-", "")[-12:].upper()
    return "-".join(digits[place : place + 4] for place in range(0, 12, 4))


def id_ending(reference: str) -> str:
    """What the record's id ends in, of a reference as a person may write it.

    Raises:
        InvalidError: it is none.
    """
    digits = "".join(reference.replace("-", " ").split()).lower()
    if _REFERENCE.fullmatch(digits) is None:
        message = "must be the twelve digits and letters that the person was shown, such as 17F4-435B-9560"
        raise InvalidError(f"The reference {message}.", (FieldError("/reference", message),))
    return digits
