"""Phone numbers that are valid in form in their country, with random subscribers."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers

from models.simulation.streams import Streams
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

    def __init__(self, places: Iterable[Place], streams: Streams) -> None:
        self._streams = streams
        self._plans: dict[tuple[str, bool], _Plan] = {}
        self._virtual_countries = tuple(place.code for place in places if _has_virtual(place.code))

    def mobile(self, place: Place, rng: random.Random) -> str:
        """A mobile number of the country, in E.164."""
        return _number(self._plan(place.code, virtual=False), rng)

    def virtual(self, place: Place, rng: random.Random) -> str:
        """A number of an internet-telephony range; of another country when this one has no such range."""
        code = place.code if place.code in self._virtual_countries else rng.choice(self._virtual_countries)
        return _number(self._plan(code, virtual=True), rng)

    def block(self, place: Place, rng: random.Random) -> Block:
        """A batch of adjacent numbers, as sold together."""
        return Block(_number(self._plan(place.code, virtual=False), rng)[:-4])

    def _plan(self, code: str, *, virtual: bool) -> _Plan:
        """The country's plan, worked out when first asked for; each from a stream of its own."""
        plan = self._plans.get((code, virtual))
        if plan is None:
            metadata = _metadata(code)
            description = metadata.voip if virtual else metadata.mobile
            if description is None:
                raise RuntimeError(f"bug: phonenumbers knows no such numbers of {code}")
            rng = self._streams.of(f"tables/phones/{code}/{'virtual' if virtual else 'mobile'}")
            plan = self._plans[code, virtual] = _plan(metadata.country_code, description, rng)
        return plan


@dataclass(frozen=True, slots=True)
class Block:
    """Ten thousand adjacent numbers: the last four digits vary."""

    prefix: str

    def number(self, rng: random.Random) -> str:
        """A number of the block."""
        return f"{self.prefix}{rng.randrange(10_000):04d}"


def _metadata(code: str) -> phonenumbers.PhoneMetadata:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(code)
    if metadata is None or metadata.mobile is None:
        raise RuntimeError(f"bug: phonenumbers knows no mobile numbers of {code}")
    return metadata


def _has_virtual(code: str) -> bool:
    voip = _metadata(code).voip
    return voip is not None and bool(voip.example_number)


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
