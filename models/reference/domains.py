"""Domain names: their canonical spelling, and the part that somebody registered."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

import idna
from publicsuffixlist import PublicSuffixList


class Domains:
    """Registrable domains by the public suffix list."""

    def __init__(self, suffixes: PublicSuffixList) -> None:
        self._suffixes = suffixes
        self.registrable = lru_cache(maxsize=8192)(self._registrable)
        self.of_website = lru_cache(maxsize=4096)(self._of_website)

    def _registrable(self, domain: str) -> str:
        """``cs.ox.ac.uk`` → ``ox.ac.uk``; a public suffix, or what is no domain, stays as it is."""
        return self._suffixes.privatesuffix(domain) or domain

    def _of_website(self, website: str) -> str | None:
        """The canonical host of a web address, with or without its scheme; ``None`` when there is none."""
        text = website.strip()
        try:
            host = urlsplit(text if "://" in text else f"//{text}").hostname
        except ValueError:
            return None
        return canonical_domain(host) or None if host else None


@lru_cache(maxsize=8192)
def canonical_domain(domain: str) -> str:
    """Lower case, without a final dot, in punycode where that is possible."""
    plain = domain.strip().rstrip(".").lower()
    if plain.isascii():
        return plain
    try:
        return idna.encode(plain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return plain


def readable_label(label: str) -> str:
    """A label as people read it: punycode decoded."""
    if not label.startswith("xn--"):
        return label
    try:
        return idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label
