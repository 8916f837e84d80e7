"""Features of the person and the institution they claim."""

from __future__ import annotations

from models.features.facts import Facts
from models.features.numbers import number
from models.signup import AccountType


def name_surprise(facts: Facts) -> float | None:
    """How unlike real names the letters of the full name are, in standard deviations of names in its script.

    Missing when there is no model of the script.
    """
    return facts.signals.identity.name_surprise


def name_mixed_script(facts: Facts) -> float | None:
    """1 when a word of the name mixes writing systems or imitates Latin letters; never missing."""
    return number(facts.signals.identity.name_mixed_script)


def institution_on_list(facts: Facts) -> float | None:
    """1 when the claimed institution's name is on the academic list; missing when none is named."""
    return number(facts.signals.identity.institution_listed)


def orcid_valid(facts: Facts) -> float | None:
    """1 when the check digit of the ORCID iD holds, 0 for the one of ORCID's examples; missing when none was given."""
    return number(facts.signals.identity.orcid_valid)


def website_academic(facts: Facts) -> float | None:
    """1 when the website lies under an academic domain; missing when none was given."""
    return number(facts.signals.identity.website_academic)


def age_role_gap_years(facts: Facts) -> float | None:
    """Years by which the age lies outside 13 to 90 for students, 18 to 95 for others; missing without year or role."""
    return number(facts.signals.identity.age_role_gap_years)


def account_is_research(facts: Facts) -> float | None:
    """1 for a research account, 0 for an educational one; never missing."""
    return number(facts.signup.account_type is AccountType.RESEARCH)


def sponsor_supports(facts: Facts) -> float | None:
    """How far the named sponsor supports the story: 0 not usable, 1 at a listed domain, 2 at the claimed institution.

    Missing when no sponsor is named.
    """
    if facts.signup.identity.sponsor is None:
        return None
    if facts.signals.identity.sponsor_same_institution:
        return 2.0
    return 1.0 if facts.signals.identity.sponsor_academic else 0.0
