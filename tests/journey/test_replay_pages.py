"""A replay by the page makes the very numbers of one that goes sign-up by sign-up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from models import replay as replaying
from models.linkage.marks import Mark
from models.linkage.memory import MemoryHistory
from models.reference.reference import Reference
from models.replay import Known, KnownFeed, Recording, replay_pages, replay_recorded
from models.simulation.world import simulate

START = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize("remembered", [0, 70])
def test_page_by_page_is_as_one_by_one(
    reference: Reference, monkeypatch: pytest.MonkeyPatch, *, remembered: int
) -> None:
    monkeypatch.setattr(replaying, "PAGE", 32)
    world = list(simulate(days=9, seed=8, start=START, honest_per_day=15, prevalence=0.3))
    recordings = [Recording(each.signup, each.signup.occurred_at) for each in world]

    def feed() -> KnownFeed:
        known = KnownFeed()
        for number, each in enumerate(world, start=1):
            if each.truth.fraud:
                known.add(Known(each.signup.occurred_at + timedelta(minutes=5), number, Mark.BANNED))
        return known

    single, pages = (
        list(how(recordings, reference=reference, history=MemoryHistory(), feed=feed(), remembered=remembered))
        for how in (replay_recorded, replay_pages)
    )

    assert len(single) == len(recordings) - remembered
    assert [each.facts.signup for each in pages] == [each.facts.signup for each in single]
    assert [each.identifiers for each in pages] == [each.identifiers for each in single]
    assert [each.facts.signals for each in pages] == [each.facts.signals for each in single]
    assert np.array_equal(
        np.stack([each.vector for each in pages]), np.stack([each.vector for each in single]), equal_nan=True
    )
    assert any(each.facts.linkage.touched.strong_bans for each in single)
