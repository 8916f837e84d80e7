"""Schools: real academic domains and names, small ones that no list knows, and the addresses they share."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from models.simulation.streams import Streams, Weighted, zipf
from models.simulation.tables.names import Names
from models.simulation.tables.networks import Networks
from models.simulation.tables.places import Place
from models.simulation.tables.ror import ror_id
from models.simulation.tables.shipped import shipped_rows

_OPEN_ENROLMENT_DOMAINS = (
    ("my.smccd.edu", "San Mateo County Community College District"),
    ("go.pasadena.edu", "Pasadena City College"),
    ("apps.losrios.edu", "Los Rios Community College District"),
    ("student.laccd.edu", "Los Angeles Community College District"),
    ("student.mtsac.edu", "Mt. San Antonio College"),
    ("my.canyons.edu", "College of the Canyons"),
    ("student.fhda.edu", "Foothill-De Anza Community College District"),
    ("email.vccs.edu", "Virginia Community College System"),
)
"""Colleges that by their own admission pages give a mailbox with the application: honest students have them too."""
_SCHOOLS_A_COUNTRY = 70
_SCHOOLS_US = 320
_UNLISTED_A_COUNTRY = 14
_OPEN_ENROLMENT = re.compile(r"community college|college district|city college", re.IGNORECASE)
_UNLISTED_KINDS = (
    ("{} Teachers Training College", "ttc.org"),
    ("{} Community College", "college.org"),
    ("{} Secondary School", "school.net"),
    ("{} Institute of Technology", "tech.com"),
    ("{} Polytechnic", "poly.org"),
    ("{} College of Nursing", "nursing.org"),
    ("{} Business School", "bs.com"),
    ("{} Science Academy", "academy.com"),
)


@dataclass(frozen=True, slots=True)
class School:
    """One institution. ``campus`` are its few public addresses; ``open_enrolment`` gives mail before admission."""

    name: str
    domain: str
    place: Place
    ror: str
    campus: tuple[str, ...]
    listed: bool
    open_enrolment: bool


class Schools:
    """Every school of the world, drawn by country: few are large, most are small."""

    def __init__(self, places: Sequence[Place], networks: Networks, names: Names, streams: Streams) -> None:
        self._networks, self._names, self._streams = networks, names, streams
        rng, domains = streams.of("tables/schools"), _academic_domains()
        self._listed: dict[str, Weighted[School]] = {}
        self._unlisted: dict[str, Weighted[School]] = {}
        everyone: list[School] = []
        for place in places:
            found = _drawn(domains.get(place.code, []), place, rng)
            listed = [_listed(name, domain, place, networks, rng) for domain, name in found]
            if place.code == "US":
                open_ones = [
                    _listed(name, domain, place, networks, rng, open_enrolment=True)
                    for domain, name in _OPEN_ENROLMENT_DOMAINS
                ]
                listed[5:5] = open_ones
            if listed:
                self._listed[place.code] = zipf(listed, 0.6)
            everyone.extend(listed)
        self.open_enrolment = tuple(school for school in everyone if school.open_enrolment)

    def listed(self, place: Place, rng: random.Random) -> School:
        """A school that the reference lists know."""
        listed = self._listed.get(place.code)
        return listed.draw(rng) if listed is not None else self.unlisted(place, rng)

    def unlisted(self, place: Place, rng: random.Random) -> School:
        """A small school missing from every list."""
        unlisted = self._unlisted.get(place.code)
        if unlisted is None:
            # Made when first asked for, which spares small worlds the names of every language.
            own = self._streams.of(f"tables/schools/unlisted/{place.code}")
            invented = [invented_school(place, self._names, self._networks, own) for _ in range(_UNLISTED_A_COUNTRY)]
            unlisted = self._unlisted[place.code] = zipf(invented, 0.3)
        return unlisted.draw(rng)


def invented_school(place: Place, names: Names, networks: Networks, rng: random.Random) -> School:
    """A school nobody lists, with a domain of its own."""
    name = names.draw(place, rng)
    kind, suffix = rng.choice(_UNLISTED_KINDS)
    label = name.family_key or name.given_key
    return School(
        name=kind.format(name.latin_family or name.latin_given),
        domain=f"{label}{rng.choice(('', '-'))}{suffix}",
        place=place,
        ror=ror_id(rng),
        campus=tuple(networks.academic_or_home(place, rng).ip(rng) for _ in range(rng.choice((1, 1, 2)))),
        listed=False,
        open_enrolment=False,
    )


def _listed(
    name: str, domain: str, place: Place, networks: Networks, rng: random.Random, *, open_enrolment: bool = False
) -> School:
    block = networks.academic_or_home(place, rng)
    return School(
        name=name,
        domain=domain,
        place=place,
        ror=ror_id(rng),
        campus=tuple(block.ip(rng) for _ in range(rng.choice((1, 1, 2, 2, 3, 4)))),
        listed=True,
        open_enrolment=open_enrolment or bool(_OPEN_ENROLMENT.search(name)) or rng.random() < 0.02,
    )


def _drawn(found: list[tuple[str, str]], place: Place, rng: random.Random) -> list[tuple[str, str]]:
    limit = _SCHOOLS_US if place.code == "US" else _SCHOOLS_A_COUNTRY
    chosen = found if len(found) <= limit else rng.sample(found, limit)
    rng.shuffle(chosen)
    return chosen


def _academic_domains() -> dict[str, list[tuple[str, str]]]:
    by_country: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for country, domain, name in shipped_rows("schools.csv.gz"):
        by_country[country].append((domain, name))
    return by_country
