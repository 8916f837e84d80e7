"""A policy in the terms of those who learn: its score lines, its trust in each source of outcomes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.policy import policy_of_file
from service.domain.policy import Policy
from service.domain.policy_sections.learning import SourceSection
from service.usecases.known_labels import CONTAINMENT, PROOF

if TYPE_CHECKING:
    from models.evaluation.lines import ScoreLines
    from models.training.guards import SourceRules


def policy_lines(policy_file: Path | None) -> ScoreLines:
    """The score lines of a policy document, the shipped one by default."""
    return lines_of(policy_of_file(policy_file))


def lines_of(policy: Policy) -> ScoreLines:
    """The score lines of a policy."""
    from models.evaluation.lines import Lines  # noqa: PLC0415 - a second of imports

    return {
        account_type.value: Lines(each.step_up, each.review, each.deny)
        for account_type, each in policy.document.thresholds.items()
    }


def source_rules(policy: Policy) -> SourceRules:
    """How far a policy trusts each source of outcomes: those it names anywhere fully, unless it says otherwise."""
    from models.training.guards import SourceRule, SourceRules  # noqa: PLC0415 - a second of imports

    section = policy.document.learning

    def rule(each: SourceSection) -> SourceRule:
        return SourceRule(each.trust, each.most_a_day, each.vouched_for)

    # What the service says itself, and those whose word the policy ranks.
    known = ("outcomes", CONTAINMENT, PROOF, *policy.document.clusters.outcomes.precedence)
    named = {name: rule(each) for name, each in section.sources.items()}
    return SourceRules({**dict.fromkeys(known, SourceRule()), **named}, rule(section.unknown))
