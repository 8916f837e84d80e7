"""How busy an hour of the week is against the mean hour, by the clocks of a country."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from models.reference.places import TimeZones

HOURS_A_WEEK = 168

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
_THURSDAY = 3 * 24
"""1970 began on one."""


@dataclass(frozen=True)  # no slots: curves are keys of caches by what they are, one object each
class Curve:
    """168 factors, from Monday midnight on, with mean one; where the weekend is Friday and Saturday, from Sunday.

    Attributes:
        hours: of each hour.
        days: the mean of the 24 hours that end with each hour.
    """

    hours: tuple[float, ...]
    days: tuple[float, ...]

    # Two curves are never equal; hashing 168 numbers a look-up would be its whole cost.
    __hash__ = object.__hash__


def curve(weekdays: Sequence[float], hours: Sequence[float]) -> Curve:
    """The curve of 7 days that each go by the same 24 hours, scaled to mean one."""
    products = [day * hour for day in weekdays for hour in hours]
    mean = sum(products) / HOURS_A_WEEK
    factors = [each / mean for each in products]
    days = [sum(factors[last - 23 + at] for at in range(24)) / 24 for last in range(HOURS_A_WEEK)]
    return Curve(tuple(factors), tuple(days))


_MIDNIGHT_TO_SIX = (1.2, 0.7, 0.4, 0.3, 0.3, 0.5)

PEOPLE = curve(
    (1.10, 1.10, 1.10, 1.10, 1.05, 0.75, 0.80),
    (*_MIDNIGHT_TO_SIX, 1.0, 2.0, 3.6, 5.0, 5.8, 6.0, 5.7, 5.7, 6.0, 6.1, 6.0, 5.7, 5.5, 5.6, 5.7, 5.4, 4.3, 2.6),
)
"""People at home and at work: hardly anybody between two and six, a plateau from ten to ten, a quieter weekend.

The form is that of every published curve of traffic by local time; addresses, browsers and cards are people's own."""

TEACHING = curve(
    (1.20, 1.20, 1.20, 1.15, 1.00, 0.60, 0.65),
    (*_MIDNIGHT_TO_SIX, 0.8, 1.8, 4.6, 6.2, 6.8, 6.6, 5.6, 6.2, 6.6, 6.2, 5.6, 5.0, 4.8, 5.0, 5.2, 4.8, 3.8, 2.2),
)
"""What belongs to a school (its mail domain, its name): lessons by day, homework in the evening, a quiet weekend."""

_FRIDAY_WEEKENDS = frozenset({"AF", "BH", "DZ", "EG", "IL", "IQ", "IR", "JO", "KW", "LY", "OM", "QA", "SA", "SD", "SY"})
"""Countries whose weekend includes Friday (CLDR supplemental data): their Sunday is a working day like Monday."""


class Seasons:
    """The curves by the clocks of countries. A country of several zones goes by the mean of them."""

    def __init__(self, zones: TimeZones) -> None:
        self._zones = zones
        self._places = lru_cache(maxsize=8_192)(self._places_in_the_week)
        self.hour = lru_cache(maxsize=16_384)(self._hour)
        self.day = lru_cache(maxsize=16_384)(self._day)

    def _hour(self, curve: Curve, country: str | None, hour: int) -> float:
        """The factor of one hour, counted from 1970 in UTC; 1 where the country, or its clock, is not known."""
        places = self._places(country, hour)
        return sum([curve.hours[place] for place in places]) / len(places) if places else 1.0

    def _day(self, curve: Curve, country: str | None, hour: int) -> float:
        """The mean factor of the 24 hours that end with one, by the clock as it goes in that one."""
        places = self._places(country, hour)
        return sum([curve.days[place] for place in places]) / len(places) if places else 1.0

    def _places_in_the_week(self, country: str | None, hour: int) -> tuple[int, ...]:
        """Which of the 168 hours it is on the clocks of each zone of a country."""
        if country is None:
            return ()
        shift = 1 if country in _FRIDAY_WEEKENDS else 0
        monday = hour + _THURSDAY + 24 * shift
        offsets = self._zones.offsets_of(country, EPOCH + hour * HOUR)
        return tuple([(monday + offset // HOUR) % HOURS_A_WEEK for offset in offsets])


def hour_of(instant: datetime) -> int:
    """The whole hour of UTC, counted from 1970, in which an instant lies."""
    return (instant - EPOCH) // HOUR
