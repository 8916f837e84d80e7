"""Countries, the languages people use there, and their time zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from models.reference.text_tables import entries_of, packaged_lines

_NO_ZONES: tuple[str, ...] = ()
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Countries:
    """ISO 3166-1 alpha-2 codes, and the primary language subtags in use in each."""

    codes: frozenset[str]
    languages: Mapping[str, frozenset[str]]

    def known(self, code: str | None) -> str | None:
        """The code in upper case when it is a country's; else ``None``."""
        if code is None:
            return None
        upper = code.upper()
        return upper if upper in self.codes else None

    def languages_of(self, code: str) -> frozenset[str]:
        """Languages in use in the country; empty when nothing is known."""
        return self.languages.get(code, frozenset())


class TimeZones:
    """IANA time zones: whose they are, and how far from UTC at a given moment."""

    def __init__(
        self, names: frozenset[str], countries_of_zone: Mapping[str, tuple[str, ...]], aliases: Mapping[str, str]
    ) -> None:
        self._names = names
        self._countries = countries_of_zone
        self._aliases = aliases
        zones: dict[str, list[str]] = {}
        for zone, countries in countries_of_zone.items():
            for country in countries:
                zones.setdefault(country, []).append(zone)
        self._zones = {country: tuple(sorted(each)) for country, each in zones.items()}
        self._gap = lru_cache(maxsize=16384)(self._measured_gap)
        self._offsets = lru_cache(maxsize=4096)(self._measured_offsets)
        self._all_day = lru_cache(maxsize=4096)(self._stands_all_day)
        self._all_day_in = lru_cache(maxsize=4096)(self._all_stand_all_day)
        self._loaded: dict[str, ZoneInfo] = {}

    def countries_of(self, zone: str) -> tuple[str, ...]:
        """The countries that use a zone, the main one first; empty for ``UTC`` and unknown names."""
        return self._countries.get(zone) or self._countries.get(self._aliases.get(zone, ""), ())

    def zones_of(self, country: str) -> tuple[str, ...]:
        """The zones of a country."""
        return self._zones.get(country, _NO_ZONES)

    def gap_hours(self, zone: str, country: str, at: datetime) -> float | None:
        """Hours between the zone and the nearest zone of the country at that moment; ``None`` if either is unknown."""
        hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        day = hour.replace(hour=0)
        # On hardly any day a clock is changed: one answer serves everybody all day, or in the same hour of UTC.
        steady = self._all_day(zone, day) and self._all_day_in(country, day)
        return self._gap(zone, country, day if steady else hour)

    def local_hour(self, zone: str, at: datetime) -> int | None:
        """The hour of the day that clocks of the zone show; ``None`` for unknown names."""
        offset = self._offset(zone, at)
        return None if offset is None else (at.astimezone(UTC) + offset).hour

    def offsets_of(self, country: str, hour: datetime) -> tuple[timedelta, ...]:
        """How far the clocks of each zone of a country are from UTC at a whole hour of it; none for an unknown one."""
        day = hour.replace(hour=0)
        return self._offsets(country, day if self._all_day_in(country, day) else hour)

    def _measured_gap(self, zone: str, country: str, at: datetime) -> float | None:
        own = self._offset(zone, at)
        if own is None:
            return None
        # Around the world the long way is not further: UTC+13 and UTC-11 are the same hour of another day.
        gaps = (min(gap := abs(own - offset) / _HOUR, 24 - gap) for offset in set(self._offsets(country, at)))
        return min(gaps, default=None)

    def _measured_offsets(self, country: str, at: datetime) -> tuple[timedelta, ...]:
        """How far from UTC each zone of a country is at that moment."""
        offsets = (self._offset(zone, at) for zone in self.zones_of(country))
        return tuple([offset for offset in offsets if offset is not None])

    def _stands_all_day(self, zone: str, day: datetime) -> bool:
        """Whether a zone's clocks are left alone on a day of UTC; nobody puts them forward and back within one."""
        return self._offset(zone, day) == self._offset(zone, day + _DAY)

    def _all_stand_all_day(self, country: str, day: datetime) -> bool:
        return all(self._all_day(zone, day) for zone in self.zones_of(country))

    def _offset(self, zone: str, at: datetime) -> timedelta | None:
        # Only names from our own table reach the file system.
        if zone not in self._names:
            return None
        loaded = self._loaded.get(zone)
        if loaded is None:
            loaded = self._loaded[zone] = ZoneInfo(zone)
        return at.astimezone(loaded).utcoffset()


def load_countries() -> Countries:
    """The ISO list that comes with the time-zone data, and the shipped language table."""
    rows = (line.split() for line in packaged_lines("languages_by_country.txt"))
    return Countries(
        codes=frozenset(line.split("\t")[0] for line in _zone_table("iso3166.tab")),
        languages={country: frozenset(languages) for country, *languages in rows},
    )


def load_time_zones() -> TimeZones:
    """The tables of the ``tzdata`` package, so that a slim container without system data has them too."""
    countries: dict[str, tuple[str, ...]] = {}
    for table in ("zone.tab", "zone1970.tab"):
        for line in _zone_table(table):
            codes, _, zone = line.split("\t")[:3]
            countries[zone] = tuple(dict.fromkeys((*countries.get(zone, ()), *codes.split(","))))
    source = _zone_table("tzdata.zi")
    aliases = {alias: target for _, target, alias in (line.split() for line in source if line.startswith("L "))}
    names = {line.split()[1] for line in source if line.startswith("Z ")}
    return TimeZones(frozenset({*names, *aliases, *countries}), countries, aliases)


def _zone_table(name: str) -> tuple[str, ...]:
    return entries_of((files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8"))
