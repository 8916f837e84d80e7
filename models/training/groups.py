"""Groups by which reports tell people apart: by what a sign-up says of itself, never by who was behind it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

from models.features.facts import Facts
from models.linkage.identifier import IdentifierKind
from models.linkage.velocity import Window
from models.reference.network_kinds import NetworkKind
from models.reference.scripts import script_of

UNKNOWN = "unknown"

_MANY_ON_AN_ADDRESS = 5
"""A family has fewer members who sign up within a month."""

_TYPES = (
    ("university", re.compile(r"univ|uniw|hochschule|yliopisto|大学|大學|대학|جامع|विश्वविद्यालय|πανεπιστ|אוניברסיט")),
    ("institute", re.compile(r"institut|polytech|politec|politech|tecnol|technolog|학원|学院|институт")),
    ("college", re.compile(r"college|colegio|collège|faculdade|kolej|колледж")),
    ("school", re.compile(r"school|schule|academy|lyc[eé]+|gymnas|escuela|escola|école|liceo|scuola|школа|学校")),
)


def name_script(facts: Facts) -> str:
    """The script of most letters of the name."""
    scripts = Counter(script for letter in facts.signup.identity.full_name if (script := script_of(letter)))
    return scripts.most_common(1)[0][0] if scripts else UNKNOWN


def age(facts: Facts) -> str:
    """By the year of birth, where it is told."""
    born = facts.signup.identity.birth_year
    if born is None:
        return UNKNOWN
    years = facts.signup.occurred_at.year - born
    return "up to 25" if years <= 25 else "26 to 50" if years <= 50 else "over 50"


def connection(facts: Facts) -> str:
    """What the network is for."""
    kind = facts.signals.network.kind
    if kind is None:
        return UNKNOWN
    return "academic" if kind in {NetworkKind.UNIVERSITY, NetworkKind.RESEARCH} else kind.value


def shared_address(facts: Facts) -> str:
    """Whether many people are behind the address: a carrier's IPv4 addresses each serve hundreds or thousands.

    Else an address is shared when five others signed up from it within the 30 days before.
    """
    network = facts.signals.network
    if network.ip is None:
        return UNKNOWN
    if network.mobile and network.version == 4:
        return "carrier NAT"
    others = facts.linkage.links(IdentifierKind.IP, Window.MONTH) or 0
    return "shared" if others >= _MANY_ON_AN_ADDRESS else "few"


def institution_type(facts: Facts) -> str:
    """By the name that is claimed, in the words of some dozen languages."""
    institution = facts.signup.identity.institution
    if institution is None or not institution.name:
        return "none named"
    name = institution.name.lower()
    return next((type_ for type_, words in _TYPES if words.search(name)), "other")


GROUPS: Mapping[str, Callable[[Facts], str]] = {
    "name script": name_script,
    "age": age,
    "connection": connection,
    "shared address": shared_address,
    "institution type": institution_type,
}
"""The columns, each with how a sign-up's group is found."""
