"""Occasions: the situations that the reasons for a step-up amount to, each with its own fitting proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from service.domain.decision import Reason

RULE_GROUP = "rule"
CHALLENGE_GROUP = "challenge"
MAIL_SUSPECT_GROUP = "mail_suspect"

DOMINATES = 0.5
"""A group of reasons counts when it weighs at least half as much as the heaviest one."""

Signals = Mapping[str, Mapping[str, object]]


class Occasion(StrEnum):
    """A situation. The values are keys of the policy document: never rename one."""

    MAIL_UNPROVEN = "mail_unproven"
    MAIL_SUSPECT = "mail_suspect"
    INSTITUTION_MISSING = "institution_missing"
    PAYMENT = "payment"
    PHONE = "phone"
    DEVICE_OR_NETWORK = "device_or_network"
    LINKAGE = "linkage"
    BEHAVIOUR = "behaviour"


def dominating_groups(reasons: Sequence[Reason], groups_of_rules: Mapping[str, str], *, scored: bool) -> list[str]:
    """The groups of evidence that a decision rests on, heaviest first.

    Args:
        reasons: those of the assessment; what the model found has a weight, what a rule found has none.
        groups_of_rules: the group that a rule's code speaks for.
        scored: whether the score itself crossed the line; else only the rules are the cause.
    """
    found: dict[str, None] = {}
    weights: dict[str, float] = {}
    for reason in reasons:
        if reason.group == RULE_GROUP:
            if reason.code in groups_of_rules:
                found[groups_of_rules[reason.code]] = None
        elif reason.group != CHALLENGE_GROUP and reason.contribution is not None and reason.contribution > 0:
            weights[reason.group] = weights.get(reason.group, 0.0) + reason.contribution
    heaviest = max(weights.values(), default=0.0)
    weighty = sorted((group for group in weights if weights[group] >= DOMINATES * heaviest), key=lambda g: -weights[g])
    if scored or not found:
        found |= dict.fromkeys(weighty)
    return list(found)


def occasions_of(groups: Sequence[str], codes: frozenset[str], signals: Signals) -> tuple[Occasion, ...]:
    """The situations, judged by the dominating groups, the codes of the raising reasons and the signals."""
    mail, identity = signals.get("email", {}), signals.get("identity", {})
    story = {"identity", "email", "consistency"} & set(groups)
    suspect = _mail_is_suspect(mail, codes)
    found = {
        Occasion.MAIL_SUSPECT: suspect and bool(story | ({"linkage"} & set(groups))),
        Occasion.INSTITUTION_MISSING: bool(story) and not _institution_known(mail, identity),
        Occasion.MAIL_UNPROVEN: bool(story) and not mail.get("academic") and bool(identity.get("institution_listed")),
        Occasion.PAYMENT: "payment" in groups,
        Occasion.PHONE: "phone" in groups,
        Occasion.DEVICE_OR_NETWORK: bool({"device", "network"} & set(groups)),
        Occasion.LINKAGE: bool({"linkage", "cluster"} & set(groups)),
        Occasion.BEHAVIOUR: "behaviour" in groups,
    }
    return tuple(occasion for occasion, holds in found.items() if holds)


def evidence_groups(groups: Sequence[str], occasions: Sequence[Occasion]) -> tuple[str, ...]:
    """The groups as the table of pass rates names them: a mailbox that may be bought is a group of its own."""
    if Occasion.MAIL_SUSPECT not in occasions:
        return tuple(groups)
    return (MAIL_SUSPECT_GROUP, *(group for group in groups if group != "email"))


def _mail_is_suspect(mail: Mapping[str, object], codes: frozenset[str]) -> bool:
    """An academic mailbox that proves little: given before admission, kept for life, in a burst, of another name."""
    if not mail.get("academic"):
        return False
    return bool(
        mail.get("open_enrolment") or mail.get("academic_withdrawn") or codes & {"BURST", "MAILBOX_NAME", "MANY_ALIKE"}
    )


def _institution_known(mail: Mapping[str, object], identity: Mapping[str, object]) -> bool:
    return bool(mail.get("academic") or identity.get("institution_listed"))
