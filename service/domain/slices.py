"""Slices: the groups of people by which a change of the policy is looked at, read off recorded signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any  # Any: recorded signals are JSON

Signals = Mapping[str, Any]


def mail(signals: Signals) -> str:
    """What kind of mailbox."""
    email = signals.get("email", {})
    kinds = ("disposable", "relay", "academic", "free")
    return next((kind for kind in kinds if email.get(kind)), "own domain")


def institution(signals: Signals) -> str:
    """Whether the claimed institution is on a list of schools."""
    identity = signals.get("identity", {})
    if not identity.get("institution_claimed"):
        return "none claimed"
    return "listed" if identity.get("institution_listed") else "not listed"


def network(signals: Signals) -> str:
    """What kind of connection."""
    part = signals.get("network", {})
    kinds = ("anonymiser", "residential_proxy", "hosting", "academic", "mobile")
    return next((kind.replace("_", " ") for kind in kinds if part.get(kind)), "other")


def script(signals: Signals) -> str:
    """The script of the name."""
    scripts = signals.get("identity", {}).get("name_scripts") or ["unknown"]
    return str(scripts[0]) if len(scripts) == 1 else "several"


SLICES: tuple[tuple[str, Callable[[Signals], str]], ...] = (
    ("mail", mail),
    ("institution", institution),
    ("network", network),
    ("script", script),
)
