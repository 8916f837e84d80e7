"""Cards: issuers by country, virtual and prepaid programmes, and what a processor reports of them."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass

from models.signup import Funding
from models.simulation.streams import Weighted, zipf
from models.simulation.tables.places import Place

_ISSUERS_A_COUNTRY = 14
_VIRTUAL_PROGRAMMES = 36
_SCHEMES = (
    ("4", 0.5),
    ("51", 0.08),
    ("52", 0.08),
    ("53", 0.08),
    ("54", 0.08),
    ("55", 0.06),
    ("2227", 0.04),
    ("37", 0.08),
)
_LOCAL_SCHEMES = {"CN": "62", "IN": "6080", "BR": "6363", "TR": "9792", "JP": "3569"}
_VIRTUAL_HOMES = ("US", "GB", "SG", "BR", "ES", "NL", "AE", "IE")
_POSTAL = {
    "US": "#####", "GB": "@@# #@@", "CA": "@#@ #@#", "NL": "#### @@", "IN": "######", "CN": "######", "BR": "#####-###",
    "DE": "#####", "FR": "#####", "JP": "###-####", "PL": "##-###", "SE": "### ##", "AU": "####", "SG": "######",
    "PT": "####-###", "KZ": "######", "IE": "@## @#@#",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Issuer:
    """One BIN: who issued it, what it funds and whether it is a virtual-card programme."""

    bin: str
    country: str
    funding: Funding
    virtual: bool


_KNOWN_VIRTUAL = Issuer("440393", "US", Funding.PREPAID, virtual=True)
"""The one programme that the reference list knows: lists are applied imperfectly on purpose."""


@dataclass(frozen=True, slots=True)
class Card:
    """One instrument, by the fingerprint its processor gives it."""

    fingerprint: str
    issuer: Issuer
    cardholder: str
    postal_code: str | None
    billing_country: str


class Issuers:
    """Every BIN of the world; honest people and attackers hold cards of the same ones."""

    def __init__(self, places: Sequence[Place], rng: random.Random) -> None:
        self._by_place: dict[str, Weighted[Issuer]] = {}
        self._prepaid: dict[str, Weighted[Issuer]] = {}
        for place in places:
            issuers = [_issuer(place.code, rng, virtual=False) for _ in range(_ISSUERS_A_COUNTRY)]
            self._by_place[place.code] = zipf(issuers, 0.8)
            prepaid = [Issuer(_bin(place.code, rng), place.code, Funding.PREPAID, virtual=False) for _ in range(3)]
            self._prepaid[place.code] = zipf(prepaid, 0.5)
        programmes = [_issuer(rng.choice(_VIRTUAL_HOMES), rng, virtual=True) for _ in range(_VIRTUAL_PROGRAMMES)]
        self.virtual = zipf([_KNOWN_VIRTUAL, *programmes], 0.5)

    def ordinary(self, place: Place, rng: random.Random) -> Issuer:
        """A bank of the country."""
        return self._by_place[place.code].draw(rng)

    def prepaid(self, place: Place, rng: random.Random) -> Issuer:
        """A prepaid programme of the country."""
        return self._prepaid[place.code].draw(rng)


def postal_code(country: str, rng: random.Random) -> str:
    """A postal code of the country's shape."""
    shape = _POSTAL.get(country, "#####")
    return "".join(
        rng.choice(string.digits) if mark == "#" else rng.choice("ABCDEFGHJKLMNPRSTUVWXY") if mark == "@" else mark
        for mark in shape
    )


def _issuer(country: str, rng: random.Random, *, virtual: bool) -> Issuer:
    drawn = rng.random()
    funding = Funding.DEBIT if drawn < 0.62 else Funding.CREDIT
    if virtual:
        funding = Funding.PREPAID if drawn < 0.45 else Funding.DEBIT if drawn < 0.85 else Funding.CREDIT
    return Issuer(_bin(country, rng), country, funding, virtual)


def _bin(country: str, rng: random.Random) -> str:
    local = _LOCAL_SCHEMES.get(country)
    head = local if local and rng.random() < 0.5 else rng.choices(*zip(*_SCHEMES, strict=True))[0]
    return head + "".join(rng.choices(string.digits, k=6 - len(head)))
