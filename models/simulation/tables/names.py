"""Names of invented people, from the name lists of many languages and scripts."""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from models.simulation.tables.places import Place
from models.simulation.tables.romanisation import romanise

_FAMILY_FIRST = frozenset({"zh_CN", "zh_TW", "ja_JP", "ko_KR", "vi_VN", "hu_HU"})
_UNSPACED = frozenset({"zh_CN", "zh_TW", "ja_JP", "ko_KR"})
_NOT_ASCII_LETTER = re.compile(r"[^a-z]")


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name as its owner writes it, with the Latin spelling that mailboxes and cards carry."""

    full: str
    latin_given: str
    latin_family: str

    @property
    def latin(self) -> str:
        """The name as a card carries it."""
        return f"{self.latin_given} {self.latin_family}".strip()

    @property
    def given_key(self) -> str:
        """The given name as a mailbox spells it; never empty."""
        return _NOT_ASCII_LETTER.sub("", romanise(self.latin_given).lower()) or "x"

    @property
    def family_key(self) -> str:
        """The family name as a mailbox spells it; empty for a mononym."""
        return _NOT_ASCII_LETTER.sub("", romanise(self.latin_family).lower())


@dataclass(frozen=True, slots=True)
class _Locale:
    code: str
    given: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]


class Names:
    """Draws names of a country, in its own script or in Latin letters."""

    def draw(self, place: Place, rng: random.Random, *, family: str | None = None) -> PersonName:
        """A name of that country; ``family`` keeps a relative's (Latin) family name."""
        native = bool(place.native_locales) and (not place.latin_locales or rng.random() < place.native_share)
        code = rng.choice(place.native_locales if native else place.latin_locales)
        locale = _locale(code)
        given, latin_given = rng.choice(locale.given)
        if rng.random() < 0.14 and code not in _UNSPACED:
            second, latin_second = rng.choice(locale.given)
            given, latin_given = f"{given} {second}", f"{latin_given} {latin_second}"
        own_family, latin_family = (family, family) if family is not None else rng.choice(locale.family)
        if not native or family is not None or (not place.latin_locales and rng.random() >= place.native_share):
            return _spelt(latin_given, latin_family, rng)
        first, last = (own_family, given) if code in _FAMILY_FIRST else (given, own_family)
        full = first + last if code in _UNSPACED else f"{first} {last}"
        return PersonName(full, latin_given, latin_family)


def mononym(name: PersonName) -> PersonName:
    """The same person with a single name."""
    return PersonName(name.latin_given, name.latin_given, "")


def respelt(name: PersonName, rng: random.Random) -> PersonName:
    """Another transliteration or order of the same name, as another document carries it."""
    given, family = name.latin_given, name.latin_family
    for old, new in rng.sample(_RESPELLINGS, k=4):
        given, family = given.replace(old, new), family.replace(old, new)
    full = f"{family} {given}" if rng.random() < 0.4 else f"{given} {family}"
    return PersonName(full.strip(), given, family)


_RESPELLINGS = (
    ("ou", "u"), ("ee", "i"), ("kh", "h"), ("y", "i"), ("ph", "f"), ("q", "k"), ("ch", "sh"), ("w", "v"), ("ai", "ay"),
    ("mm", "m"), ("ss", "s"), ("dh", "d"), ("zh", "j"), ("ie", "y"), ("a", "e"),
)  # fmt: skip


def _spelt(given: str, family: str, rng: random.Random) -> PersonName:
    """The habits of typing one's own name: most write it properly, some all lower or all upper case."""
    full, habit = f"{given} {family}", rng.random()
    if habit < 0.07:
        full = full.lower()
    elif habit < 0.10:
        full = full.upper()
    elif habit < 0.13:
        full = f"{family} {given}"
    return PersonName(full, given, family)


@lru_cache(maxsize=128)
def _locale(code: str) -> _Locale:
    provider = importlib.import_module(f"faker.providers.person.{code}").Provider
    given = _named(provider, "first_names_male", "first_names_female", "first_names_unisex") or list(
        provider.first_names
    )
    family = list(provider.last_names)
    if code == "ja_JP":
        return _Locale(
            code,
            tuple((kanji, latin) for kanji, _, latin in provider.first_name_pairs),
            tuple((kanji, latin) for kanji, _, latin in provider.last_name_pairs),
        )
    if code in {"zh_CN", "zh_TW"}:
        return _Locale(code, _in_pinyin(given), _in_pinyin(family))
    return _Locale(code, _romanised(given), _romanised(family))


def _named(provider: object, *attributes: str) -> list[str]:
    lists = (getattr(provider, attribute, ()) for attribute in attributes)
    return list(dict.fromkeys(name for names in lists for name in names))


def _in_pinyin(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Each character name with its own reading, as a passport carries it: one word, without tones."""
    return tuple((name, _FAMILY_READINGS.get(name, anyascii(name)).replace(" ", "").title()) for name in names)


_FAMILY_READINGS = {
    "单": "Shan",
    "解": "Xie",
    "曾": "Zeng",
    "仇": "Qiu",
    "盖": "Ge",
    "查": "Zha",
    "任": "Ren",
    "区": "Ou",
}
"""Characters that are read otherwise in family names."""


def _romanised(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    spelt = ((name, name if name.isascii() or _is_latin(name) else romanise(name)) for name in dict.fromkeys(names))
    return tuple((name, latin) for name, latin in spelt if latin)


def _is_latin(name: str) -> bool:
    return all(
        ord(letter) < 0x250 or 0x1E00 <= ord(letter) < 0x1F00 or ord(letter) in {0x2019, 0x2BB} for letter in name
    )
