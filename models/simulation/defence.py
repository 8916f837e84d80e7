"""The moderate defence that operators meet when nobody plays the defender: it knows what it banned."""

from __future__ import annotations

from models.signup import Signup
from models.simulation.streams import Streams
from models.simulation.truth import DecisionWord


class ModerateDefence:
    """Looks for reuse of banned identifiers and for plain automation; everything else is mostly allowed."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._banned: set[str] = set()

    def __call__(self, signup: Signup) -> DecisionWord:
        """The decision on one sign-up, by visible facts only."""
        drawn = self._streams.of(f"defence/{signup.signup_id}").random()
        if any(value in self._banned for value in strong_values(signup)):
            return "deny" if drawn < 0.45 else "review" if drawn < 0.75 else "step_up"
        if signup.device.webdriver:
            return "deny" if drawn < 0.5 else "step_up"
        return "step_up" if drawn < 0.03 else "allow"

    def ban(self, signup: Signup) -> None:
        """Remember the identifiers of a banned account."""
        self._banned.update(strong_values(signup))


def strong_values(signup: Signup) -> tuple[str, ...]:
    """The values of a sign-up that by themselves tie it to another."""
    payment = signup.payment
    values = (signup.device.device_id, signup.phone, payment.fingerprint if payment else None, signup.email)
    return tuple(value for value in values if value is not None)
