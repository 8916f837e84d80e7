"""What is remembered between sign-ups changes no signal: whoever came before, the same sign-up reads the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from models.reference.reference import Reference, load_reference
from models.signals.signals import derive_signals
from models.simulation.world import simulate


def test_signals_do_not_depend_on_who_came_before(reference: Reference) -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    signups = [each.signup for each in simulate(days=0.5, seed=21, start=start, honest_per_day=500, prevalence=0.2)]
    # The same texts under another country, with another name: an entry must be kept by all that decides it.
    twins = [
        replace(
            each, identity=replace(each.identity, country=other.identity.country, full_name=other.identity.full_name)
        )
        for each, other in zip(signups, reversed(signups), strict=True)
    ]
    everybody = [*signups, *twins]

    onwards = [derive_signals(each, reference) for each in everybody]
    fresh = load_reference()
    backwards = [derive_signals(each, fresh) for each in reversed(everybody)]

    assert onwards == backwards[::-1]
    assert len(everybody) > 300
