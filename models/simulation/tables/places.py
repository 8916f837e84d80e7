"""Countries as students fill them: how many sign up, which clocks, languages, names and mailboxes they have."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Place:
    """One country. ``weight`` follows tertiary enrolment, internet access and the service being offered there;
    ``ipv6`` is the share of its home and mobile connections that prefer IPv6, as large sites measure it."""

    code: str
    weight: float
    zones: tuple[str, ...]
    languages: tuple[str, ...]
    native_locales: tuple[str, ...]
    latin_locales: tuple[str, ...]
    native_share: float
    southern_term: bool
    webmail: tuple[str, ...]
    three_d_secure: float
    prepaid: float
    ipv6: float


def load_places() -> tuple[Place, ...]:
    """Every country of the simulated world, in the order of the file."""
    with resources.files("models.simulation.tables").joinpath("places.csv").open(encoding="utf-8") as lines:
        return tuple(_place(row) for row in csv.DictReader(lines))


def _place(row: Mapping[str, str]) -> Place:
    return Place(
        code=row["code"],
        weight=float(row["weight"]),
        zones=_many(row["zones"]),
        languages=_many(row["languages"]),
        native_locales=_many(row["native_locales"]),
        latin_locales=_many(row["latin_locales"]),
        native_share=float(row["native_share"]),
        southern_term=row["term"] == "south",
        webmail=_many(row["webmail"]),
        three_d_secure=float(row["three_d_secure"]),
        prepaid=float(row["prepaid"]),
        ipv6=float(row["ipv6"]),
    )


def _many(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()
