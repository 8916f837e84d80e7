"""Training and serving see the same numbers: one simulated day through HTTP and SQL, and through the replay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from models.features.catalogue import FEATURES
from models.linkage.memory import MemoryHistory
from models.reference.reference import Reference
from models.replay import replay
from models.signup import Signup
from models.signup_document import document_of_signup
from models.simulation.world import simulate


@pytest.fixture(scope="session")
def simulated_day() -> list[Signup]:
    """A day with every kind of person and attacker; crowded enough that identifiers saturate."""
    start = datetime(2026, 11, 2, tzinfo=UTC)
    return [each.signup for each in simulate(days=1, seed=11, start=start, honest_per_day=700, hydra_live_accounts=400)]


@pytest.mark.slow
def test_one_simulated_day_gives_equal_vectors_to_the_last_bit(
    service: Any, simulated_day: list[Signup], reference: Reference
) -> None:
    for signup in simulated_day:
        answer = service.sign_up(document_of_signup(signup))
        assert answer.status_code == 201, answer.data

    served = {record.signup.signup_id: record.assessments[0].vector for record in service.records()}
    replayed = {
        each.facts.signup.signup_id: each.vector.astype("<f4").tobytes()
        for each in replay(simulated_day, reference=reference, history=MemoryHistory())
    }
    different = [each for each in replayed if served.get(each) != replayed[each]]
    assert len(served) == len(simulated_day)
    assert different == [], _first_difference(served[different[0]], replayed[different[0]])
    _assert_the_day_was_telling(list(replayed.values()))


def _assert_the_day_was_telling(vectors: list[bytes]) -> None:
    """Equal vectors prove little when the history is empty: the day must reach far into the counts."""
    matrix = np.stack([np.frombuffer(vector, "<f4") for vector in vectors])
    names = [feature.name for feature in FEATURES]
    for name, reached in (("device_signups_24h", 3), ("ip_signups_24h", 10), ("payment_names_365d", 3)):
        assert np.nanmax(matrix[:, names.index(name)]) >= reached, name


def _first_difference(served: bytes, replayed: bytes) -> str:
    pairs = zip(FEATURES, np.frombuffer(served, "<f4"), np.frombuffer(replayed, "<f4"), strict=True)
    return "; ".join(
        f"{feature.name}: served {one}, replayed {other}"
        for feature, one, other in pairs
        if not (one == other or (np.isnan(one) and np.isnan(other)))
    )


def test_what_is_stored_is_the_sign_up_that_was_sent(
    service: Any, simulated_day: list[Signup], make_document: Callable[..., dict[str, Any]]
) -> None:
    for signup in simulated_day[:25]:
        service.sign_up(document_of_signup(signup))

    assert [record.signup for record in service.records()] == simulated_day[:25]
