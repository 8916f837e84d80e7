"""Features of the e-mail address."""

from __future__ import annotations

from models.features.facts import Facts
from models.features.numbers import number


def email_academic(facts: Facts) -> float | None:
    """1 when the e-mail domain belongs to a school or university on the academic list; never missing."""
    return number(facts.signals.email.academic)


def email_disposable(facts: Facts) -> float | None:
    """1 when the e-mail domain hands out throw-away mailboxes; never missing."""
    return number(facts.signals.email.disposable)


def email_free(facts: Facts) -> float | None:
    """1 when anybody gets a mailbox at the e-mail domain; never missing."""
    return number(facts.signals.email.free)


def email_relay(facts: Facts) -> float | None:
    """1 when the e-mail domain is a privacy relay; never missing."""
    return number(facts.signals.email.relay)


def email_name_match(facts: Facts) -> float | None:
    """Similarity, 0 to 1, of the mailbox's name to the best spelling of the person's; missing for student numbers."""
    return facts.signals.email.name_match


def email_folding(facts: Facts) -> float | None:
    """Characters in the mailbox's name that its provider ignores (dots, tags); never missing."""
    return number(facts.signals.email.folded)


def email_digit_share(facts: Facts) -> float | None:
    """Share of digits in the mailbox's name, 0 to 1; never missing."""
    return facts.signals.email.digit_share


def email_local_surprise(facts: Facts) -> float | None:
    """How unlike a person's name the letters of the mailbox are, in standard deviations; missing below 4 letters."""
    return facts.signals.email.local_surprise


def email_domain_surprise(facts: Facts) -> float | None:
    """How unlike other domains the letters of the e-mail domain are, in standard deviations.

    Missing when the registered label has no letters.
    """
    return facts.signals.email.domain_surprise


def email_open_enrolment(facts: Facts) -> float | None:
    """1 when the academic domain gives mailboxes before admission; missing when the domain is not academic."""
    return number(facts.signals.email.open_enrolment)
