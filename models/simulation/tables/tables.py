"""All tables of one world together, built once for a seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from disposable_email_domains import blocklist

from models.simulation.streams import Streams, Weighted, zipf
from models.simulation.tables.cards import Issuers
from models.simulation.tables.devices import Browsers
from models.simulation.tables.names import Names
from models.simulation.tables.networks import Networks
from models.simulation.tables.phones import Phones
from models.simulation.tables.places import Place, load_places
from models.simulation.tables.schools import Schools

RELAYS = ("duck.com", "mozmail.com", "privaterelay.appleid.com", "passmail.net", "simplelogin.com")
"""Domains of privacy relays."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What everybody in the world is drawn from."""

    places: Weighted[Place]
    place_by_code: dict[str, Place]
    names: Names
    networks: Networks
    schools: Schools
    phones: Phones
    issuers: Issuers
    browsers: Browsers
    disposable: Weighted[str]


@lru_cache(maxsize=2)
def load_tables(seed: int) -> Tables:
    """The tables of that seed; another seed is another world with other vendors, schools and ranges."""
    streams, places = Streams(seed), load_places()
    names = Names()
    networks = Networks(places, streams.of("tables/networks"))
    domains = streams.of("tables/disposable").sample(sorted(blocklist), 240)
    return Tables(
        places=Weighted(places, [place.weight for place in places]),
        place_by_code={place.code: place for place in places},
        names=names,
        networks=networks,
        schools=Schools(places, networks, names, streams),
        phones=Phones(places, streams),
        issuers=Issuers(places, streams.of("tables/cards")),
        browsers=Browsers(streams.of("tables/browsers")),
        disposable=zipf(domains, 0.7),
    )
