"""Grants: what an allowed account gets, in full or on probation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Tier(StrEnum):
    """What an allowed account gets."""

    FULL = "full"
    PROBATION = "probation"


@dataclass(frozen=True, slots=True)
class Grant:
    """What an allowed account gets.

    Attributes:
        tier: in full, or on probation.
        quota: the share of a full account's quota, as a hint; ``None`` when full.
        until: when probation ends by itself; ``None`` when full.
        lifted_by: what ends it, in one sentence; ``None`` when full.
    """

    tier: Tier
    quota: float | None = None
    until: datetime | None = None
    lifted_by: str | None = None


FULL = Grant(Tier.FULL)
"""What an allowed account gets that is on no probation."""
