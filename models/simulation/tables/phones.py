"""Phone numbers that are valid in form in their country, with random subscribers."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers

from models.simulation.tables.places import Place

_PREFIXES = 60
_SUBSCRIBER_DIGITS = 5


@dataclass(frozen=True, slots=True)
class _Plan:
    country_code: int
    pattern: re.Pattern[str]
    prefixes: tuple[str, ...]


class Phones:
    """Mobile and internet-telephony numbers of every country."""

    def __init__(self, places: Iterable[Place], rng: random.Random) -> None:
        self._mobile: dict[str, _Plan] = {}
        self._virtual: dict[str, _Plan] = {}
        for place in places:
            metadata = phonenumbers.PhoneMetadata.metadata_for_region(place.code)
            if metadata is None or metadata.mobile is None:
                raise RuntimeError(f"bug: phonenumbers knows no mobile numbers of {place.code}")
            self._mobile[place.code] = _plan(metadata.country_code, metadata.mobile, rng)
            if metadata.voip is not None and metadata.voip.example_number:
                self._virtual[place.code] = _plan(metadata.country_code, metadata.voip, rng)
        self._virtual_countries = tuple(self._virtual)

    def mobile(self, place: Place, rng: random.Random) -> str:
        """A mobile number of the country, in E.164."""
        return _number(self._mobile[place.code], rng)

    def virtual(self, place: Place, rng: random.Random) -> str:
        """A number of an internet-telephony range; of another country when this one has no such range."""
        plan = self._virtual.get(place.code) or self._virtual[rng.choice(self._virtual_countries)]
        return _number(plan, rng)

    def block(self, place: Place, rng: random.Random) -> Block:
        """A batch of adjacent numbers, as sold together."""
        return Block(_number(self._mobile[place.code], rng)[:-4])


@dataclass(frozen=True, slots=True)
class Block:
    """Ten thousand adjacent numbers: the last four digits vary."""

    prefix: str

    def number(self, rng: random.Random) -> str:
        """A number of the block."""
        return f"{self.prefix}{rng.randrange(10_000):04d}"


def _plan(country_code: int | None, description: phonenumbers.PhoneNumberDesc, rng: random.Random) -> _Plan:
    pattern = re.compile(description.national_number_pattern or "")
    example: str = description.example_number or ""
    prefixes = {example[:-_SUBSCRIBER_DIGITS]}
    for _ in range(600):
        if len(prefixes) == _PREFIXES:
            break
        head = "".join(
            str(rng.randrange(10)) if rng.random() < 0.6 else digit for digit in example[:-_SUBSCRIBER_DIGITS]
        )
        if all(pattern.fullmatch(head + tail * _SUBSCRIBER_DIGITS) for tail in "0379"):
            prefixes.add(head)
    if country_code is None:
        raise RuntimeError(f"bug: no country code beside {example}")
    return _Plan(country_code, pattern, tuple(sorted(prefixes)))


def _number(plan: _Plan, rng: random.Random) -> str:
    for _ in range(50):
        national = f"{rng.choice(plan.prefixes)}{rng.randrange(10**_SUBSCRIBER_DIGITS):0{_SUBSCRIBER_DIGITS}d}"
        if plan.pattern.fullmatch(national):
            return f"+{plan.country_code}{national}"
    raise RuntimeError(f"bug: no valid number for +{plan.country_code}")
