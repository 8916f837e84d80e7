"""What is remembered between sign-ups changes no signal: whoever came before, the same sign-up reads the same."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import hashlib, sys
from dataclasses import replace
from datetime import UTC, datetime
from models.reference.reference import load_reference
from models.signals.signals import derive_signals
from models.simulation.world import simulate

start = datetime(2026, 11, 23, tzinfo=UTC)
signups = [each.signup for each in simulate(days=2, seed=21, start=start, honest_per_day=100, prevalence=0.2)]
# The same texts under another country and another name: an entry must be kept by all that decides it.
signups += [
    replace(one, identity=replace(one.identity, country=two.identity.country, full_name=two.identity.full_name))
    for one, two in zip(signups, reversed(signups))
]
reference, step = load_reference(), int(sys.argv[1])
signals = [derive_signals(each, reference) for each in signups[::step]]
print(len(signals), hashlib.sha256(repr(signals[::step]).encode()).hexdigest())
"""


def test_signals_do_not_depend_on_who_came_before() -> None:
    """In two processes, because caches live as long as one."""
    onwards, backwards = (
        subprocess.run([sys.executable, "-c", CODE, step], capture_output=True, check=True, text=True).stdout.split()
        for step in ("1", "-1")
    )

    assert onwards == backwards
    assert int(onwards[0]) > 200
