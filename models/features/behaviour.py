"""Features of how the form was filled in."""

from __future__ import annotations

import math

from models.features.facts import Facts
from models.features.numbers import number

_UNHURRIED_S = 20.0
"""A form of this length takes an unhurried person at least this long."""

_SHORTEST_S = 0.1


def form_haste(facts: Facts) -> float | None:
    """Natural logarithm of how many times faster than 20 s the form was sent, 0 when slower; missing unmeasured."""
    seconds = facts.signals.behaviour.form_seconds
    return None if seconds is None else max(0.0, math.log(_UNHURRIED_S / max(seconds, _SHORTEST_S)))


def keystroke_shortfall(facts: Facts) -> float | None:
    """Share of the characters in fields not pasted for which there was no keystroke, 0 to 1.

    Missing when keystrokes or pasting were not measured, or when every field was pasted.
    """
    behaviour = facts.signals.behaviour
    if behaviour.keystrokes is None or not behaviour.typed_characters:
        return None
    return max(0.0, 1.0 - behaviour.keystrokes / behaviour.typed_characters)


def keystroke_rate(facts: Facts) -> float | None:
    """Keystrokes a second; missing when either was not measured."""
    behaviour = facts.signals.behaviour
    if behaviour.keystrokes is None or behaviour.form_seconds is None:
        return None
    return behaviour.keystrokes / max(behaviour.form_seconds, _SHORTEST_S)


def pasted_identity(facts: Facts) -> float | None:
    """1 when the name or the institution was pasted; missing when pasting was not measured."""
    return number(facts.signals.behaviour.pasted_identity)


def referrer_missing(facts: Facts) -> float | None:
    """1 when the browser did not say where it came from; never missing."""
    return number(not facts.signals.behaviour.referrer_given)


def captcha_failed(facts: Facts) -> float | None:
    """1 when the caller's CAPTCHA failed, 0 when passed; missing when there was none."""
    return number(facts.signals.behaviour.captcha_failed)
