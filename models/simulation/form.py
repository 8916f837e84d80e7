"""Filling in the form: seconds, keystrokes and pasted fields follow from what was entered and how."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.simulation.draft import Draft


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody fills in a form. ``paste`` is the chance per field, ``pace`` a factor on the time it takes
    and ``spread`` one on how much that varies."""

    name: str
    paste: float
    pace: float
    keys_recorded: float = 1.0
    spread: float = 1.0


BY_HAND = Manner("by_hand", paste=0.02, pace=1.0)
WITH_AUTOFILL = Manner("autofill", paste=0.45, pace=0.62)
WITH_ASSISTANCE = Manner("assistive", paste=0.10, pace=3.2, keys_recorded=0.25)
ON_A_PHONE = Manner("phone", paste=0.12, pace=1.35, keys_recorded=0.75)
FROM_A_SHEET = Manner("sheet", paste=0.40, pace=0.75)
SYNTHETIC = Manner("synthetic", paste=0.02, pace=1.0, spread=0.35)
BY_SCRIPT = Manner("script", paste=0.0, pace=0.05, keys_recorded=0.0)


def ordinary_manner(draft: Draft, rng: random.Random) -> Manner:
    """How a person at that device fills in a form: autofill 35 %, assistive technology 2 %."""
    drawn = rng.random()
    if drawn < 0.02:
        return WITH_ASSISTANCE
    if drawn < 0.37:
        return WITH_AUTOFILL
    return ON_A_PHONE if draft.browser.phone else BY_HAND


def fill_in(draft: Draft, manner: Manner, rng: random.Random) -> None:
    """Set the time, the keystrokes and the pasted fields of the draft."""
    entered = {
        "full_name": draft.name.full,
        "email": draft.email,
        "phone": draft.phone,
        "institution": draft.institution_name,
        "programme": draft.programme,
        "website": draft.website,
        "orcid": draft.orcid,
        "cardholder_name": draft.card.cardholder if draft.card else None,
        "stated_use": draft.stated_use,
    }
    pasted, typed = list(draft.pasted), 6
    for name, text in entered.items():
        if not text or name in pasted:
            continue
        # A long text is more often brought along than typed in place.
        chance = manner.paste if name != "stated_use" else min(1.0, manner.paste + 0.18)
        if manner.paste and rng.random() < chance:
            pasted.append(name)
        else:
            typed += len(text)
    draft.pasted = tuple(pasted)
    correction = 1.0 + abs(rng.gauss(0.0, 0.09 * manner.spread))
    recorded = 1.0 if manner.keys_recorded == 1.0 else rng.uniform(0.5, 1.0) * manner.keys_recorded
    draft.keystrokes = round(typed * correction * recorded)
    per_key = 0.33 * rng.lognormvariate(0, 0.49 * manner.spread)
    draft.form_seconds = max(1.1, (14.0 + per_key * typed) * manner.pace * rng.lognormvariate(0, 0.3 * manner.spread))
    draft.overlays.append(manner.name)
