"""Likeness in a round that is disturbed, by another worker or by a database that is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.domain.decision import Decision
from service.domain.errors import UnavailableError
from service.usecases.draw_likeness import ROUND, DrawLikeness
from service.usecases.workers_cases import RecordedCases
from tests.clusters.conftest import Gate
from tests.clusters.drawing import Drawing


@pytest.fixture
def drawing(gate: Gate) -> Drawing:
    return Drawing(gate)


def test_of_two_workers_who_draw_at_once_one_does(drawing: Drawing, monkeypatch: pytest.MonkeyPatch) -> None:
    standby, _ = drawing.world(banned=10)
    drawing.round()
    drawn = drawing.standing()
    late = DrawLikeness(drawing.gate.store.begin, drawing.gate.judge, RecordedCases(), drawing.gate.telling(4))
    monkeypatch.setattr(type(drawing.gate.store.begin().likenesses), "next_number", lambda _: drawn.number)

    assert late(drawing.gate.now) == 0
    assert drawing.standing() == drawn
    assert len(drawing.gate.read(lambda work: work.ledger.get("campus", standby.id)).assessments) == 2


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, of: object, method: str) -> Iterator[None]:
    """The database is away for a moment: just when a round calls this method."""

    def away(*_: Any, **__: Any) -> None:
        raise UnavailableError("The database cannot be used.")

    with monkeypatch.context() as patch:
        patch.setattr(of, method, away)
        with pytest.raises(UnavailableError):
            yield


def test_what_was_not_drawn_because_the_database_was_away_is_drawn_in_the_next_round(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    standby, _ = drawing.world(banned=10)
    with failing(monkeypatch, type(drawing.gate.store.begin().likenesses), "draw"):
        drawing.round()

    drawing.round()

    assert drawing.standing() is not None
    assert drawing.gate.latest(standby) is Decision.STEP_UP


def test_what_did_not_end_because_the_database_was_away_ends_in_the_next_round(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing.world()
    drawing.round()
    drawing.clear()
    with failing(monkeypatch, type(drawing.gate.store.begin().likenesses), "end"):
        drawing.round()

    drawing.round()

    assert drawing.standing() is None


def test_who_was_not_asked_because_the_database_was_away_is_asked_soon(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    standby, _ = drawing.world(banned=10)
    with failing(monkeypatch, drawing.draw, "_ask_some"):
        drawing.round()
    assert drawing.standing() is not None
    drawing.gate.now += ROUND

    drawing.round()

    assert drawing.gate.latest(standby) is Decision.STEP_UP
