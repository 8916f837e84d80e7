"""Campaigns without shared identifiers: the habits of one operator that surprise at once, though nothing is shared.

A burst is one habit, and a class has one too; what is suspected to be a campaign has several. It is evidence for rules
and reviewers and raises no decision by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.features.catalogue import FEATURES, Vector
from models.linkage.identifier import IdentifierKind
from models.linkage.velocity import Linkage, Window

SURPRISING = 6.0
"""One in a million: with five habits looked at on every sign-up, chance alone reaches it once in 200,000."""

KEYS_OF_A_CAMPAIGN = 3
"""A computer room surprises by its browsers and by its mailboxes, and now and then by a third habit as well."""

_OWN_NETWORK = "institution_network_match"
_HABITS: Mapping[IdentifierKind, str] = {
    IdentifierKind.EMAIL_PATTERN: "email_pattern_burst_24h",
    IdentifierKind.PROFILE_NETWORK: "profile_network_burst_24h",
    IdentifierKind.BIN: "bin_burst_24h",
    IdentifierKind.BIN_COUNTRY: "bin_country_burst_24h",
    IdentifierKind.FORM_LANGUAGE: "form_language_burst_24h",
}
_NEARLY_ALL = 0.8
"""Of a class a few are at home that day."""

HABITS = tuple(_HABITS)
"""The kinds of weak key whose surprises are put together."""

_COLUMNS = {feature.name: column for column, feature in enumerate(FEATURES)}
_WATCHED = tuple((kind, _COLUMNS[name]) for kind, name in _HABITS.items())
_OWN_NETWORK_COLUMN = _COLUMNS[_OWN_NETWORK]


@dataclass(frozen=True, slots=True)
class Campaign:
    """The weak keys of one sign-up that surprise.

    Attributes:
        surprises: the surprise of each, in powers of ten, at least ``SURPRISING``.
        one_place: whether a place explains the burst: it came over the network of the institution that it claims, or
            nearly everybody who shares its keys came from its address range, as a class does and no rotation.
    """

    surprises: Mapping[IdentifierKind, float]
    one_place: bool = False

    @property
    def suspected(self) -> bool:
        """Whether so many surprise that a campaign is suspected, and no place explains them.

        In one room all habits are alike: the browsers are imaged, the mailboxes of one school, the form filled in to a
        teacher's words. An operator who rotates addresses is never in one place.
        """
        return len(self.surprises) >= KEYS_OF_A_CAMPAIGN and not self.one_place

    def as_document(self) -> dict[str, int]:
        """How many keys surprise, the largest surprise in tenths, and each key's by its kind; for rules and records."""
        tenths = {kind.value: round(10.0 * surprise) for kind, surprise in self.surprises.items()}
        return {
            "keys": len(tenths),
            "surprise": max(tenths.values(), default=0),
            "one_place": int(self.one_place),
            **tenths,
        }


NO_CAMPAIGN = Campaign({})


def campaign_of(vector: Vector, linkage: Linkage) -> Campaign:
    """What surprises about a sign-up with these features; a missing one surprises nobody."""
    surprises = {kind: float(vector[column]) for kind, column in _WATCHED if vector[column] >= SURPRISING}
    if not surprises:
        return NO_CAMPAIGN
    return Campaign(surprises, one_place=bool(vector[_OWN_NETWORK_COLUMN] > 0) or _of_one_range(surprises, linkage))


def _of_one_range(kinds: Iterable[IdentifierKind], linkage: Linkage) -> bool:
    neighbours = linkage.links(IdentifierKind.IP_PREFIX, Window.DAY)
    alike = max(linkage.links(kind, Window.DAY) or 0 for kind in kinds)
    return neighbours is not None and neighbours >= _NEARLY_ALL * alike
