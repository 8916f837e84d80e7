"""The policy: a validated document of thresholds, rules and other sections, ready to decide."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from importlib import resources
from typing import Annotated, Any, Literal  # Any: a CEL context is whatever the rules may read

import cel
from pydantic import Field, ValidationError, model_validator

from models.signup import AccountType
from models.signup_document import Wanted
from service.domain.decision import Decision, Explored, Reason, harsher, milder
from service.domain.errors import InvalidError
from service.domain.grant import Grant, Tier
from service.domain.list_ruling import decision_of_lists, reasons_of_hits
from service.domain.policy_errors import field_errors
from service.domain.policy_sections.approval import Approval
from service.domain.policy_sections.capacity import Capacity
from service.domain.policy_sections.challenges import ChallengesSection, default_challenges
from service.domain.policy_sections.clusters import ClusterLines
from service.domain.policy_sections.exploration import Exploration
from service.domain.policy_sections.grants import Grants
from service.domain.policy_sections.learning import LearningSection
from service.domain.policy_sections.lists import Lists
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.policy_sections.rules import Rule, RuleState
from service.domain.policy_sections.second_look import SecondLook
from service.domain.policy_sections.section import Section
from service.domain.policy_sections.thresholds import Fallback, Thresholds
from service.domain.rule_check import Member, members_of, values_of
from service.domain.rule_members import ZERO_LINKAGE
from service.domain.standing import NO_STANDING, ListHit, Standing

NO_SCORE = -1.0
"""What ``score`` reads in a rule when no model could score: below every threshold a rule can name."""

NEVER = 1.0
"""The draw of a decision that explores nothing."""


class PolicyDocument(Section):
    """A whole policy document."""

    format: Literal[1]
    thresholds: dict[Annotated[AccountType, Field(strict=False)], Thresholds]
    fallback: Fallback
    rules: tuple[Rule, ...] = Field(default=(), strict=False)
    exploration: Exploration = Exploration()
    capacity: Capacity = Capacity()
    lists: Lists = Lists()
    grants: Grants = Grants()
    approval: Approval = Approval()
    challenges: ChallengesSection = Field(default_factory=default_challenges)
    review: ReviewPolicy = ReviewPolicy()
    clusters: ClusterLines = ClusterLines()
    learning: LearningSection = LearningSection()
    second_look: SecondLook = SecondLook()

    @model_validator(mode="after")
    def _complete(self) -> PolicyDocument:
        missing = [kind.value for kind in AccountType if kind not in self.thresholds]
        if missing:
            raise ValueError(f"thresholds are missing for {', '.join(missing)}")
        ids = [rule.id for rule in self.rules]
        twice = sorted({each for each in ids if ids.count(each) > 1})
        if twice:
            raise ValueError(f"two rules are called {twice[0]}")
        return self


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy concluded, and on what: see ``Assessment`` for the parts."""

    decision: Decision
    rules: tuple[str, ...]
    reasons: tuple[Reason, ...]
    failed_rules: tuple[str, ...]
    silent_rules: tuple[str, ...] = ()
    hits: tuple[ListHit, ...] = ()
    explored: Explored | None = None
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class _Ready:
    """A rule, compiled, with the members it reads."""

    rule: Rule
    program: cel.Program
    members: tuple[Member, ...]


class Policy:
    """A policy document ready to decide: its rules are compiled.

    ``of_signup`` is what some rule reads of a sign-up, ``None`` for all of it. ``reads_signup`` says whether any reads
    the sign-up at all, which holds personal data.
    """

    def __init__(self, document: PolicyDocument, version: int) -> None:
        self.document = document
        self.version = version
        self._ready = tuple(
            _Ready(rule, cel.compile(rule.when), members_of(rule.when))
            for rule in document.rules
            if rule.state is not RuleState.OFF
        )
        # Turning whole documents into CEL values costs ten times the rules themselves: only what some rule reads
        # is turned.
        self._read = _tree(
            (member for each in self._ready for member in each.members),
            (member for each in self._ready for member in values_of(each.rule.when)),
        )
        self.of_signup: Wanted | None = self._read.get("signup", {})
        self.reads_signup = any(member[0] == "signup" for each in self._ready for member in each.members)
        self._zeroes = self._part("linkage", ZERO_LINKAGE)

    def rule_on(
        self,
        *,
        account_type: AccountType,
        score: float | None,
        signup: Mapping[str, Any],
        signals: Mapping[str, Any],
        linkage: Mapping[str, Any],
        now: datetime,
        standing: Standing = NO_STANDING,
        chance: float = NEVER,
    ) -> Ruling:
        """Decide, on the documents of the sign-up, its signals and its linkage.

        Floors win over ceilings among the rules, lists over both unless a ban is touched; a rule that fails while
        running is left out and named.

        Args:
            account_type: whose thresholds count.
            score: the probability of fraud; ``None`` when no model could score.
            signup: what ``of_signup`` names suffices.
            signals: without personal data.
            linkage: counts; identifiers that the sign-up does not carry read 0.
            now: the instant of the decision.
            standing: the lists it is on and the bans it touches.
            chance: uniform in [0, 1); below the rate of exploration the sign-up may be allowed.
        """
        documents = {
            "signup": self._part("signup", signup),
            "signals": self._part("signals", signals),
            "linkage": self._zeroes | self._part("linkage", linkage),
            "score": NO_SCORE if score is None else score,
            "account_type": account_type.value,
        }
        held, silent, failed = self._run(documents, now.date())
        decision = self._scored(account_type, score)
        for rule in held:
            if rule.at_most is not None:
                decision = milder(decision, rule.at_most)
        for rule in held:
            if rule.at_least is not None:
                decision = harsher(decision, rule.at_least)
        hard = any(rule.at_least is Decision.DENY for rule in held)
        decision = decision_of_lists(decision, standing, self.document.lists.precedence, hard=hard)
        explored = self._explore(decision, score, standing, chance)
        if explored is not None and explored.allowed:
            decision = Decision.ALLOW
        ruling = Ruling(
            decision=decision,
            rules=tuple(rule.id for rule in held if rule.tier is None),
            reasons=(*reasons_of_hits(standing.hits), *(_reason(rule) for rule in held if rule.tier is None)),
            failed_rules=tuple(failed),
            silent_rules=tuple(silent),
            hits=standing.hits,
            explored=explored,
        )
        return ruling if decision is not Decision.ALLOW else self._granting(ruling, held, account_type, score, now)

    def _run(self, documents: Mapping[str, Any], today: date) -> tuple[list[Rule], list[str], list[str]]:
        """The rules that hold and count, those that hold silently, and those that failed."""
        context = cel.Context(dict(documents))
        held: list[Rule] = []
        silent: list[str] = []
        failed: list[str] = []
        for ready in self._ready:
            state = ready.rule.state_on(today)
            if state is RuleState.OFF:
                continue
            try:
                holds = ready.program.execute(context)
            except KeyError:
                continue  # the sign-up does not carry what the rule asks about
            except Exception:  # the rule is somebody's program: whatever it raises, the decision goes on without it
                if not _reads_unknown(documents, ready.members):
                    failed.append(ready.rule.id)
                continue
            if holds is not True:
                continue
            if state is RuleState.SILENT:
                silent.append(ready.rule.id)
            else:
                held.append(ready.rule)
        return held, silent, failed

    def _explore(self, decision: Decision, score: float | None, standing: Standing, chance: float) -> Explored | None:
        section = self.document.exploration
        if (
            section.rate == 0.0
            or score is None
            or score >= section.below_score
            or decision not in {Decision.STEP_UP, Decision.REVIEW}
            or standing.contained
            or standing.ban_touched
        ):
            return None
        allowed = chance < section.rate
        return Explored(decision, allowed, section.rate if allowed else 1.0 - section.rate)

    def _granting(
        self, ruling: Ruling, held: Sequence[Rule], account_type: AccountType, score: float | None, now: datetime
    ) -> Ruling:
        """The ruling on an allowed sign-up, with what it is granted."""
        rules = [rule for rule in held if rule.tier is Tier.PROBATION]
        reasons = [_reason(rule) for rule in rules]
        section = self.document.grants
        line = self.document.thresholds[account_type].step_up * section.near_line
        if ruling.explored is not None and ruling.explored.allowed:
            reasons.append(_EXPLORED)
        elif score is not None and section.near_line < 1.0 and score >= line:
            reasons.append(_NEAR_LINE)
        if not reasons or any(hit.vouches for hit in ruling.hits):
            return ruling  # in full; what a person vouched for is on no probation either
        return replace(
            ruling,
            grant=self.probation(now),
            rules=(*ruling.rules, *(rule.id for rule in rules)),
            reasons=(*ruling.reasons, *reasons),
        )

    def probation(self, now: datetime) -> Grant:
        """A probation that begins now."""
        section = self.document.grants
        return Grant(
            tier=Tier.PROBATION,
            quota=section.quota,
            until=now + timedelta(days=section.probation_days),
            lifted_by=f"It ends by itself after {section.probation_days} days if no fraud becomes known.",
        )

    def _part(self, name: str, document: Mapping[str, Any]) -> dict[str, Any]:
        return _picked(document, self._read.get(name, {}))

    def _scored(self, account_type: AccountType, score: float | None) -> Decision:
        if score is None:
            return self.document.fallback.decision
        return self.document.thresholds[account_type].decision_for(score)


_NEAR_LINE = Reason("SCORE_NEAR_LINE", "grant", "The score is near the line from which a proof is asked for.")
_EXPLORED = Reason(
    "EXPLORED", "grant", "It was allowed at random, so that the model learns from more than it suspects."
)


def _tree(members: Iterable[Member], values: Iterable[Member]) -> dict[str, Any]:
    """The members as a tree, with ``None`` where the whole value is read."""
    tree: dict[str, Any] = {}
    for member in members:
        place = tree
        for name in member:
            place = place.setdefault(name, {})
    for member in values:
        place = tree
        for name in member[:-1]:
            place = place[name]
            if place is None:
                break
        else:
            place[member[-1]] = None
    return tree


def _picked(document: Mapping[str, Any], wanted: Wanted | None) -> dict[str, Any]:
    """The wanted members of a document."""
    if wanted is None:
        return dict(document)
    return {
        name: _picked(document[name], inner) if isinstance(document[name], dict) else document[name]
        for name, inner in wanted.items()
        if name in document
    }


def _reason(rule: Rule) -> Reason:
    return Reason(code=rule.reason, group="rule", text=rule.text)


def _reads_unknown(documents: Mapping[str, Any], members: Sequence[Member]) -> bool:
    """Whether a member that the rule reads is ``None``: nobody told us, which is no fault of the rule."""
    for member in members:
        place: Any = documents
        for name in member:
            place = place.get(name, _NOTHING) if isinstance(place, dict) else _NOTHING
        if place is None:
            return True
    return False


_NOTHING = object()


def parse_policy(text: str, *, version: int) -> Policy:
    """The policy that a TOML document describes.

    Raises:
        InvalidError: the document is not TOML, or wrong; every wrong key is named, with its line and what is right.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(f"the policy is not TOML: {error}") from None
    try:
        return Policy(PolicyDocument.model_validate(raw), version)
    except ValidationError as error:
        wrong = field_errors(error, text, PolicyDocument)
        named = "; ".join(f"{each.pointer}: {each.message}" for each in wrong)
        raise InvalidError(f"the policy is wrong: {named}", wrong) from None


def default_policy_text() -> str:
    """The policy document that ships with the service."""
    return (resources.files("service.domain") / "policies" / "default.toml").read_text(encoding="utf-8")
