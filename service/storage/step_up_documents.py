"""The parts of a step-up that are stored as JSON: the doubt, the live codes, evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic_core import from_json, to_json

from service.domain.challenge import ChallengeMethod, LiveCode
from service.domain.evidence import Doubt
from service.storage.instants import instant_of, microseconds_of

_CERTAIN = 1e300
"""Stands for infinite odds, which JSON has no word for."""


def doubt_text(doubt: Doubt) -> str:
    """The doubt as JSON."""
    return to_json(
        {
            "odds": min(doubt.odds, _CERTAIN),
            "allow_odds": min(doubt.allow_odds, _CERTAIN),
            "groups": doubt.groups,
            "never_alone": sorted(doubt.never_alone),
            "occasions": doubt.occasions,
            "preferred": doubt.preferred,
            "score": doubt.score,
        }
    ).decode()


def doubt_of(text: str) -> Doubt:
    """The doubt of its JSON."""
    parts = from_json(text)
    return Doubt(
        odds=_odds(parts["odds"]),
        allow_odds=_odds(parts["allow_odds"]),
        groups=tuple(parts["groups"]),
        never_alone=frozenset(map(ChallengeMethod, parts["never_alone"])),
        occasions=tuple(parts["occasions"]),
        preferred={ChallengeMethod(method): share for method, share in parts["preferred"].items()},
        score=parts["score"],
    )


def codes_text(codes: Sequence[LiveCode]) -> str:
    """The live codes' digests as JSON."""
    return to_json([[each.digest.hex(), microseconds_of(each.until)] for each in codes]).decode()


def codes_of(text: str) -> tuple[LiveCode, ...]:
    """The live codes of their JSON."""
    return tuple(LiveCode(bytes.fromhex(digest), instant_of(until)) for digest, until in from_json(text))


def plain(detail: object) -> str:
    """A detail as JSON."""
    return to_json(detail).decode()


def _odds(value: float) -> float:
    return math.inf if value >= _CERTAIN else value
