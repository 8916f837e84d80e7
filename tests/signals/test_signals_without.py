"""Leaving fields out of a sign-up whose signals are known: nothing is taken over that would be another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from models.reference.reference import Reference
from models.signals.signals import derive_signals, derive_signals_without
from models.signup import Signup
from models.simulation.world import simulate
from models.training.omission import OMISSIONS, omit_at_random, without_optional_fields


@pytest.fixture(scope="module")
def whole() -> tuple[Signup, ...]:
    start = datetime(2026, 4, 6, tzinfo=UTC)
    return tuple(each.signup for each in simulate(days=1, seed=8, start=start, honest_per_day=120, prevalence=0.3))


def test_the_signals_are_those_of_a_signup_that_never_told_the_fields(
    reference: Reference, whole: tuple[Signup, ...]
) -> None:
    random = np.random.default_rng(2)
    for number, signup in enumerate(whole):
        derived = derive_signals(signup, reference)
        thinned = [OMISSIONS[number % len(OMISSIONS)].drop(signup), without_optional_fields(signup)]
        thinned.append(omit_at_random(signup, rate=0.2, random=random) or signup)
        # National numbers are read in the country that the person names.
        thinned.append(replace(signup, identity=replace(signup.identity, country=None)))

        for each in thinned:
            again = derive_signals_without(each, reference, whole=signup, derived=derived)

            assert again == derive_signals(each, reference)


def test_what_is_whole_is_not_derived_again(reference: Reference, whole: tuple[Signup, ...]) -> None:
    derived = derive_signals(whole[0], reference)

    again = derive_signals_without(replace(whole[0], invited_by=None), reference, whole=whole[0], derived=derived)

    assert again.identity is derived.identity
    assert again.behaviour is derived.behaviour
