"""Parts of the world: what countries are told apart by where single ones would be too few to say anything."""

from __future__ import annotations

from models.reference.places import TimeZones

UNKNOWN = "unknown"

_PARTS = {
    "Africa": "Africa",
    "America": "America",
    "Asia": "Asia",
    "Europe": "Europe",
    "Australia": "Oceania",
    "Pacific": "Oceania",
}


def part_of_the_world(country: str | None, time_zones: TimeZones) -> str:
    """The part of the world, by the area of the country's time zones."""
    zones = time_zones.zones_of((country or "").upper())
    areas = sorted({zone.split("/")[0] for zone in zones} & set(_PARTS))
    return _PARTS[areas[0]] if areas else UNKNOWN
