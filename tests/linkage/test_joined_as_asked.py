"""A replay tells the history which clusters the linkage said; the history finds the very same when it looks itself."""

from __future__ import annotations

from datetime import UTC, datetime

from models.linkage.history import Link
from models.linkage.memory import MemoryHistory
from models.reference.reference import Reference
from models.replay import replay
from models.simulation.world import simulate

START = datetime(2026, 11, 2, tzinfo=UTC)


def test_who_is_told_and_who_looks_join_the_same_clusters(reference: Reference) -> None:
    told, looks = MemoryHistory(), MemoryHistory()
    world = simulate(days=2, seed=11, start=START, honest_per_day=60, prevalence=0.4)
    signups = [each.signup for each in world]

    for number, replayed in enumerate(replay(signups, reference=reference, history=told), start=1):
        signup = replayed.facts.signup
        looks.record(Link(number, signup.occurred_at, signup.occurred_at, signup.account_type, replayed.identifiers))

    clusters = {number: looks.clusters.root(member.cluster) for number, member in looks.clusters.members.items()}
    assert len(set(clusters.values())) < len(clusters) == len(signups)
    assert {number: told.clusters.root(each.cluster) for number, each in told.clusters.members.items()} == clusters
