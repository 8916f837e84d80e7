"""Mailbox names: how people, and those who imitate them, make a local part out of a name."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from models.simulation.streams import Weighted
from models.simulation.tables.names import PersonName

MailStyle = Callable[[PersonName, random.Random, int], str]

_WORDS = (
    "sky", "blue", "nova", "pixel", "river", "tiger", "moon", "echo", "lazy", "star", "code", "data", "quant", "neo",
    "happy", "zen", "north", "sunny", "ghost", "atlas", "mango", "lotus", "robo", "terra", "astro", "kiwi", "delta",
)  # fmt: skip


def _number(rng: random.Random, born: int) -> str:
    drawn = rng.random()
    if drawn < 0.35:
        return str(born)[2:]
    if drawn < 0.5:
        return str(born)
    return str(rng.randrange(1, 1000))


def first_dot_last(name: PersonName, _rng: random.Random, _born: int) -> str:
    """``ada.okafor``."""
    return ".".join(part for part in (name.given_key, name.family_key) if part)


def initial_last(name: PersonName, _rng: random.Random, _born: int) -> str:
    """``aokafor``."""
    return (name.given_key[0] + name.family_key) if name.family_key else name.given_key


def initial_last_number(name: PersonName, rng: random.Random, born: int) -> str:
    """``aokafor3``: what a campus gives to the second of that name."""
    return f"{initial_last(name, rng, born)}{rng.randrange(2, 40)}"


def last_initial(name: PersonName, _rng: random.Random, _born: int) -> str:
    """``okafora``."""
    return f"{name.family_key or name.given_key}{name.given_key[0]}"


def first_last_number(name: PersonName, rng: random.Random, born: int) -> str:
    """``adaokafor04``."""
    return f"{name.given_key}{name.family_key}{_number(rng, born)}"


def first_dot_last_number(name: PersonName, rng: random.Random, born: int) -> str:
    """``ada.okafor2004``."""
    return f"{first_dot_last(name, rng, born)}{_number(rng, born)}"


def first_last(name: PersonName, _rng: random.Random, _born: int) -> str:
    """``adaokafor``."""
    return f"{name.given_key}{name.family_key}"


def first_underscore_last(name: PersonName, _rng: random.Random, _born: int) -> str:
    """``ada_okafor``."""
    return "_".join(part for part in (name.given_key, name.family_key) if part)


def first_number(name: PersonName, rng: random.Random, born: int) -> str:
    """``ada1987``."""
    return f"{name.given_key}{_number(rng, born)}"


def nickname(_name: PersonName, rng: random.Random, born: int) -> str:
    """``lazytiger77``: nothing of the name."""
    return f"{rng.choice(_WORDS)}{rng.choice(_WORDS)}{_number(rng, born) if rng.random() < 0.7 else ''}"


def digits(_name: PersonName, rng: random.Random, _born: int) -> str:
    """``284719035``: a numeric mailbox."""
    return str(rng.randrange(10**7, 10**10))


CAMPUS_NAMES: Weighted[MailStyle] = Weighted(
    (first_dot_last, initial_last, initial_last_number, last_initial, first_underscore_last, first_dot_last_number),
    (0.42, 0.2, 0.18, 0.08, 0.05, 0.07),
)
"""Name-based mailboxes that institutions give out."""

_NUMBERED_SCHOOLS = 0.35
_AGAINST_THE_CONVENTION = 0.12


@dataclass(frozen=True, slots=True)
class Convention:
    """How one school names its mailboxes: by student number in a form of its own, or by one style of name."""

    numbered: bool
    letters: str
    serial_digits: int
    names: MailStyle

    def local(self, name: PersonName, rng: random.Random, born: int) -> str:
        """The local part the school gives; staff, guests and those before the last reform have another."""
        if rng.random() < _AGAINST_THE_CONVENTION:
            return CAMPUS_NAMES.draw(rng)(name, rng, born)
        return self.student_number(rng) if self.numbered else self.names(name, rng, born)

    def student_number(self, rng: random.Random) -> str:
        """``s21048812``: opaque, with the year of enrolment in front."""
        serial = rng.randrange(10 ** (self.serial_digits - 1), 10**self.serial_digits)
        return f"{self.letters}{rng.randrange(19, 26)}{serial}"


@lru_cache(maxsize=16_384)
def convention_of(domain: str) -> Convention:
    """A school's convention, by its domain alone: it is the same in every world."""
    rng = random.Random(domain)
    letters = rng.choice(("", "", "s", "u", "st", "stu"))
    return Convention(rng.random() < _NUMBERED_SCHOOLS, letters, rng.randrange(5, 7), CAMPUS_NAMES.draw(rng))


WEBMAIL: Weighted[MailStyle] = Weighted(
    (first_dot_last, first_last_number, first_dot_last_number, first_last, initial_last_number, first_number, nickname,
     first_underscore_last, last_initial),
    (0.2, 0.24, 0.12, 0.12, 0.06, 0.08, 0.1, 0.04, 0.04),
)  # fmt: skip
"""Mailboxes that people choose for themselves."""


def mailbox(name: PersonName, domain: str, style: MailStyle, rng: random.Random, born: int) -> str:
    """The address; numeric mailboxes are usual where the provider began with numbers."""
    if domain == "qq.com":
        style = digits
    local = style(name, rng, born)[:40].strip("._-") or "mail"
    return f"{local}@{domain}"
