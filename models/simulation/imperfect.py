"""Imperfect reference lists: what a world's model sees lacks some of what the world was drawn from.

Real lists are incomplete. A model trained against the very lists that the world was made from would learn to trust
them blindly: the training replays with these gaps, the service with the lists as they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from functools import lru_cache

from models.reference.academic import AcademicDomain, AcademicDomains
from models.reference.domains import Domains
from models.reference.network_kinds import NetworkKind
from models.reference.networks import NetworkFacts, Networks
from models.reference.reference import Reference

MISSING_HOSTING, MISSING_DISPOSABLE, MISSING_ACADEMIC = 0.10, 0.15, 0.08
"""Shares of the hosting networks, disposable mail domains and academic domains that no list has."""


def imperfect(reference: Reference, seed: int) -> Reference:
    """The same reference with gaps, always the same for the same seed. Institutions are still found by name."""
    gaps = _Gaps(seed)
    known = frozenset(
        domain for domain in reference.mail.disposable if not gaps.swallow("disposable", domain, MISSING_DISPOSABLE)
    )
    return replace(
        reference,
        academic=_AcademicDomainsWithGaps(reference.academic, reference.domains, gaps),
        mail=replace(reference.mail, disposable=known),
        networks=_NetworksWithGaps(reference.networks, gaps),
    )


class _Gaps:
    def __init__(self, seed: int) -> None:
        self._seed = seed

    def swallow(self, table: str, entry: str, share: float) -> bool:
        """Whether that entry of the table is missing; by its own name, so that the order of look-ups is nothing."""
        digest = hashlib.sha256(f"{self._seed}/{table}/{entry}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < share * 2**64


class _AcademicDomainsWithGaps(AcademicDomains):
    def __init__(self, complete: AcademicDomains, domains: Domains, gaps: _Gaps) -> None:
        self._complete, self._domains, self._gaps = complete, domains, gaps
        self.look_up = lru_cache(maxsize=4096)(self._look_up)

    def _look_up(self, domain: str) -> AcademicDomain:
        found = self._complete.look_up(domain)
        # A school is on a list with all its subdomains, or not at all.
        if found.academic and self._gaps.swallow("academic", self._domains.registrable(domain), MISSING_ACADEMIC):
            return AcademicDomain(academic=False, stoplisted=found.stoplisted, institutions=())
        return found


class _NetworksWithGaps(Networks):
    def __init__(self, complete: Networks, gaps: _Gaps) -> None:
        self._complete, self._gaps = complete, gaps
        self.embedded = complete.embedded
        self.look_up = lru_cache(maxsize=16_384)(self._look_up)

    @property
    def built_on(self) -> date:
        """See ``Networks``."""
        return self._complete.built_on

    def _look_up(self, ip: str) -> NetworkFacts:
        found = self._complete.look_up(ip)
        # An unlisted hosting company looks like any provider of access.
        if found.kind is NetworkKind.HOSTING and self._gaps.swallow("hosting", found.key or ip, MISSING_HOSTING):
            return replace(found, kind=NetworkKind.ACCESS)
        return found
