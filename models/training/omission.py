"""Leaving out optional fields: what an honest person may do, and what an attacker does to hide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.signup import Behaviour, Device, Identity, Signup


@dataclass(frozen=True, slots=True)
class Omission:
    """One optional field, or a few that come and go together, and how a sign-up looks without it."""

    field: str
    drop: Callable[[Signup], Signup]


def _identity(field: str, drop: Callable[[Identity], Identity]) -> Omission:
    return Omission(f"identity.{field}", lambda signup: replace(signup, identity=drop(signup.identity)))


def _device(field: str, drop: Callable[[Device], Device]) -> Omission:
    return Omission(f"device.{field}", lambda signup: replace(signup, device=drop(signup.device)))


def _behaviour(field: str, drop: Callable[[Behaviour], Behaviour]) -> Omission:
    return Omission(
        f"behaviour.{field}", lambda signup: replace(signup, behaviour=signup.behaviour and drop(signup.behaviour))
    )


OMISSIONS: tuple[Omission, ...] = (
    _identity("country", lambda part: replace(part, country=None)),
    _identity("birth_year", lambda part: replace(part, birth_year=None)),
    _identity("role", lambda part: replace(part, role=None)),
    _identity("institution", lambda part: replace(part, institution=None)),
    _identity("orcid", lambda part: replace(part, orcid=None)),
    _identity("website", lambda part: replace(part, website=None)),
    _identity("sponsor", lambda part: replace(part, sponsor=None)),
    Omission("phone", lambda signup: replace(signup, phone=None)),
    Omission("payment", lambda signup: replace(signup, payment=None)),
    _device("device_id", lambda part: replace(part, device_id=None)),
    _device("user_agent", lambda part: replace(part, user_agent=None, platform=None, screen=None)),
    _device("accept_language", lambda part: replace(part, accept_language=None)),
    _device("timezone", lambda part: replace(part, timezone=None)),
    _device("ja4", lambda part: replace(part, ja4=None)),
    _device("webdriver", lambda part: replace(part, webdriver=None)),
    _device("network", lambda part: replace(part, network=None)),
    _behaviour("form_seconds", lambda part: replace(part, form_seconds=None)),
    _behaviour("pasted_fields", lambda part: replace(part, pasted_fields=None)),
    _behaviour("keystrokes", lambda part: replace(part, keystrokes=None)),
    _behaviour("stated_use", lambda part: replace(part, stated_use=None)),
    Omission("invited_by", lambda signup: replace(signup, invited_by=None)),
    Omission("prior_checks", lambda signup: replace(signup, prior_checks=None)),
)


def without_optional_fields(signup: Signup) -> Signup:
    """The sign-up with nothing but what must be told."""
    for omission in OMISSIONS:
        signup = omission.drop(signup)
    return signup


def omit_at_random(signup: Signup, *, rate: float, random: np.random.Generator) -> Signup | None:
    """The sign-up without each optional field by chance; ``None`` when nothing changed.

    Always draws the same number of random numbers, so that one sign-up does not shift the fate of the next.
    """
    thinned = signup
    for omission, draw in zip(OMISSIONS, random.random(len(OMISSIONS)), strict=True):
        if draw < rate:
            thinned = omission.drop(thinned)
    return None if thinned == signup else thinned
