"""What a source of network data answers, whoever made it."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from models.frozen import frozen

Address = IPv4Address | IPv6Address


@frozen
class Found:
    """What a source knows of an address; ``None`` where it knows nothing."""

    country: str | None = None
    asn: int | None = None
    organisation: str | None = None


class Source(Protocol):
    """Anything that can look an address up."""

    @property
    def built_on(self) -> date:
        """When its data was made; of several files, the oldest."""

    def find(self, address: Address) -> Found:
        """What is known of a public address."""
