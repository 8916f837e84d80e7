"""Features of the telephone number."""

from __future__ import annotations

from models.features.facts import Facts
from models.features.numbers import number


def phone_valid(facts: Facts) -> float | None:
    """1 when the number exists in its country's numbering plan; missing when none was given."""
    return number(facts.signals.phone.valid)


def phone_virtual(facts: Facts) -> float | None:
    """1 for Internet telephony, pagers and company-wide numbers.

    Missing when no valid number was given, and where the plan does not tell (as in North America).
    """
    return number(facts.signals.phone.virtual)
