"""Challenges: which proof somebody is asked for first, and who passes it; every number is a starting value."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.simulation.draft import Draft
from models.simulation.truth import ChallengeMethod, ChallengeResult

_MINUTES = (1.0, 30.0)


@dataclass(frozen=True, slots=True)
class _Method:
    """``can``: share of the people in question who can be offered it; ``friction``: of those asked, how many give
    up; ``honest``: how many of those who try pass."""

    can: float
    friction: float
    honest: float


_METHODS: Mapping[ChallengeMethod, _Method] = {
    "institution_sso": _Method(0.55, 0.04, 0.95),
    "institution_email_code": _Method(1.0, 0.03, 0.96),
    "phone_code": _Method(0.95, 0.08, 0.92),
    "three_d_secure": _Method(0.90, 0.07, 0.92),
    "orcid_sign_in": _Method(0.60, 0.10, 0.93),
    "document_check": _Method(0.90, 0.22, 0.92),
    "supervisor_attestation": _Method(0.45, 0.18, 0.90),
}

_GROUPS: Mapping[str, str] = {
    "A1": "crude", "A2": "crude", "A3": "hydra", "A4": "aged", "A5": "cards", "A6": "cards", "A7": "drip",
    "A8": "drip", "A9": "resellers", "A10": "insider", "A11": "phones", "A12": "stolen", "A13": "fake",
    "A14": "personas", "A15": "personas", "A16": "hydra", "A17": "hydra", "A18": "hydra", "A20": "resellers",
}  # fmt: skip
"""Families that the table of pass rates does not name pass like those they resemble; A19 passes like the honest."""

_LIKE = ("crude", "hydra", "aged", "cards", "drip", "resellers", "insider", "phones", "stolen", "fake", "personas")
_FRAUD_PASSES: Mapping[ChallengeMethod, tuple[float, ...]] = {
    "institution_sso": (0.01, 0.02, 0.45, 0.02, 0.03, 0.30, 0.90, 0.02, 0.02, 0.02, 0.05),
    "institution_email_code": (0.02, 0.10, 0.95, 0.10, 0.10, 0.50, 0.98, 0.05, 0.03, 0.97, 0.15),
    "phone_code": (0.25, 0.60, 0.50, 0.55, 0.55, 0.92, 0.80, 0.98, 0.35, 0.60, 0.55),
    "three_d_secure": (0.05, 0.40, 0.45, 0.75, 0.45, 0.90, 0.70, 0.50, 0.10, 0.60, 0.45),
    "orcid_sign_in": (0.01, 0.05, 0.10, 0.05, 0.06, 0.40, 0.50, 0.05, 0.08, 0.15, 0.08),
    "document_check": (0.02, 0.07, 0.08, 0.07, 0.08, 0.65, 0.60, 0.12, 0.20, 0.25, 0.10),
    "supervisor_attestation": (0.01, 0.03, 0.06, 0.03, 0.04, 0.35, 0.85, 0.03, 0.03, 0.10, 0.05),
}


def asked(draft: Draft, rng: random.Random) -> ChallengeMethod:
    """The first proof that this person can give, in the order in which a policy asks for them."""
    school, domain = draft.school, draft.email.rpartition("@")[2]
    order: list[ChallengeMethod] = []
    if school is not None and domain == school.domain:
        order.append("institution_sso")
        order.append("institution_email_code")
    elif school is not None and school.listed:
        order.append("institution_sso")
    if draft.phone is not None:
        order.append("phone_code")
    if draft.card is not None:
        order.append("three_d_secure")
    if draft.orcid is not None:
        order.append("orcid_sign_in")
    if school is not None:
        order.append("supervisor_attestation")
    possible = [method for method in order if rng.random() < _METHODS[method].can]
    return possible[0] if possible else "document_check"


def answered(
    method: ChallengeMethod, now: datetime, rng: random.Random, *, family: str | None = None
) -> ChallengeResult:
    """What comes of the challenge, 1 to 30 minutes later; ``family`` is ``None`` for the honest."""
    properties, group = _METHODS[method], _GROUPS.get(family or "")
    honest = (1 - properties.friction) * properties.honest
    chance = honest if group is None else _FRAUD_PASSES[method][_LIKE.index(group)]
    passed = rng.random() < chance
    known = now + timedelta(minutes=rng.uniform(*_MINUTES))
    return ChallengeResult(method, passed, known.replace(microsecond=0))
