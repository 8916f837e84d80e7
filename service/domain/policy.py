"""The policy: thresholds per account type and rules, as a validated document that decides."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Any, Literal  # Any: a CEL context is whatever the rules may read

import cel
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.linkage.identifier import IdentifierKind
from models.linkage.velocity import NEVER_SEEN, Linkage
from models.signup import AccountType
from service.domain.decision import Decision, Reason, harsher, milder
from service.domain.errors import FieldError, InvalidError
from service.domain.policy_sections.learning import LearningSection

RULE_NAMES = frozenset({"signup", "signals", "linkage", "score", "account_type"})
"""What a rule may refer to."""

NO_SCORE = -1.0
"""What ``score`` reads in a rule when no model could score: below every threshold a rule can name."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Probability = Annotated[float, Field(ge=0.0, le=1.0, strict=False)]


class Thresholds(_Strict):
    """The score lines of one account type; a line that is absent is never crossed."""

    step_up: Probability
    review: Probability
    deny: Probability | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Thresholds:
        if not self.step_up <= self.review <= (1.0 if self.deny is None else self.deny):
            raise ValueError("the lines must rise: step_up <= review <= deny")
        return self

    def decision_for(self, score: float) -> Decision:
        """The decision of the score alone."""
        if self.deny is not None and score >= self.deny:
            return Decision.DENY
        if score >= self.review:
            return Decision.REVIEW
        return Decision.STEP_UP if score >= self.step_up else Decision.ALLOW


class Fallback(_Strict):
    """What is decided when no model can score."""

    decision: Annotated[Decision, Field(strict=False)]


class Rule(_Strict):
    """One CEL expression that sets a floor (``at_least``) or a ceiling (``at_most``)."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    when: Annotated[str, Field(min_length=1, max_length=2_000)]
    at_least: Annotated[Decision | None, Field(strict=False)] = None
    at_most: Annotated[Decision | None, Field(strict=False)] = None
    reason: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
    text: Annotated[str, Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _usable(self) -> Rule:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a rule names exactly one of at_least and at_most")
        try:
            program = cel.compile(self.when)
        except ValueError as error:
            raise ValueError(f"not a CEL expression: {str(error).splitlines()[0]}") from None
        unknown = sorted(set(program.variables()) - RULE_NAMES)
        if unknown:
            raise ValueError(f"unknown name {unknown[0]!r}; a rule may read {', '.join(sorted(RULE_NAMES))}")
        return self


class PolicyDocument(_Strict):
    """A whole policy document."""

    format: Literal[1]
    thresholds: dict[Annotated[AccountType, Field(strict=False)], Thresholds]
    fallback: Fallback
    rules: tuple[Rule, ...] = Field(default=(), strict=False)
    learning: LearningSection = LearningSection()

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
    """What the policy concluded: the decision, the rules that hold, their reasons, the rules that failed."""

    decision: Decision
    rules: tuple[str, ...]
    reasons: tuple[Reason, ...]
    failed_rules: tuple[str, ...]


class Policy:
    """A policy document ready to decide: its rules are compiled.

    ``words`` are the names that some rule mentions; the rules read no other member of a document.
    """

    def __init__(self, document: PolicyDocument, version: int) -> None:
        self.document = document
        self.version = version
        self._programs = tuple((rule, cel.compile(rule.when)) for rule in document.rules)
        # Turning whole documents into CEL values costs ten times the rules themselves: only what some rule names
        # is turned.
        self.words = frozenset(word for rule in document.rules for word in _WORDS.findall(rule.when))
        self._zeroes = self._named(_ZEROES)

    def rule_on(
        self,
        *,
        account_type: AccountType,
        score: float | None,
        signup: Mapping[str, Any],
        signals: Mapping[str, Any],
        linkage: Mapping[str, Any],
    ) -> Ruling:
        """Decide, on the documents of the sign-up, its signals and its linkage.

        Floors win over ceilings among the rules; a rule that fails while running is left out and named.
        """
        context = cel.Context(
            {
                "signup": self._named(signup),
                "signals": self._named(signals),
                "linkage": self._zeroes | self._named(linkage),
                "score": NO_SCORE if score is None else score,
                "account_type": account_type.value,
            }
        )
        held: list[Rule] = []
        failed: list[str] = []
        for rule, program in self._programs:
            try:
                holds = program.execute(context)
            except KeyError:
                continue  # the sign-up does not carry what the rule asks about
            except (TypeError, ValueError, RuntimeError):
                failed.append(rule.id)
                continue
            if holds is True:
                held.append(rule)
        decision = self._scored(account_type, score)
        for rule in held:
            if rule.at_most is not None:
                decision = milder(decision, rule.at_most)
        for rule in held:
            if rule.at_least is not None:
                decision = harsher(decision, rule.at_least)
        return Ruling(
            decision=decision,
            rules=tuple(rule.id for rule in held),
            reasons=tuple(Reason(code=rule.reason, group="rule", text=rule.text) for rule in held),
            failed_rules=tuple(failed),
        )

    def _named(self, document: Mapping[str, Any]) -> dict[str, Any]:
        words = self.words
        return {
            # The caller's own fields stay whole: rules may walk through them.
            name: self._named(value) if isinstance(value, dict) and name != "custom" else value
            for name, value in document.items()
            if name in words
        }

    def _scored(self, account_type: AccountType, score: float | None) -> Decision:
        if score is None:
            return self.document.fallback.decision
        return self.document.thresholds[account_type].decision_for(score)


_WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_ZEROES = Linkage((kind, NEVER_SEEN) for kind in IdentifierKind).as_document()


def parse_policy(text: str, *, version: int) -> Policy:
    """The policy that a TOML document describes.

    Raises:
        InvalidError: the document is not TOML, or wrong; every wrong key is named.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(f"the policy is not TOML: {error}") from None
    try:
        return Policy(PolicyDocument.model_validate(raw), version)
    except ValidationError as error:
        wrong = tuple(
            FieldError(pointer="/" + "/".join(map(str, each["loc"])), message=each["msg"]) for each in error.errors()
        )
        named = "; ".join(f"{each.pointer}: {each.message}" for each in wrong)
        raise InvalidError(f"the policy is wrong: {named}", wrong) from None


def default_policy_text() -> str:
    """The policy document that ships with the service."""
    return (resources.files("service.domain") / "policies" / "default.toml").read_text(encoding="utf-8")
