"""Announced events: what an operator writes is understood, or refused with the place and the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.reference.events import AnnouncedEvent, AnnouncedEvents, EventsError, read_events, rush
from models.reference.season import hour_of

GOOD = """
[[event]]
name = "Model release"
start = 2026-11-20T08:00:00Z
end = 2026-11-22T20:30:00+01:00
factor = 4

[[event]]
name = "Hackathon"
start = 2026-11-20T08:00:00Z
end = 2026-11-21T08:00:00Z
factor = 2.5
domains = ["@Uni.example"]
institutions = ["Example College"]
"""
START = datetime(2026, 11, 20, 8, tzinfo=UTC)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "events.toml"
    path.write_text(text)
    return path


def test_a_file_of_events_is_read(tmp_path: Path) -> None:
    release, hackathon = read_events(written(tmp_path, GOOD))

    assert release == AnnouncedEvent("Model release", START, datetime(2026, 11, 22, 19, 30, tzinfo=UTC), 4.0)
    assert release.for_everybody
    assert (hackathon.domains, hackathon.institutions) == (("uni.example",), ("Example College",))
    assert not hackathon.for_everybody


def test_an_empty_file_announces_nothing(tmp_path: Path) -> None:
    assert read_events(written(tmp_path, "")) == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("nonsense", "is not TOML"),
        ("event = 3", "tables only"),
        ("[[events]]", "not events"),
        (GOOD + "[[event]]\nnmae = 'x'", "event 3: unknown nmae"),
        (GOOD.replace('"Hackathon"', '""'), "event 2: a name is needed"),
        (GOOD.replace("08:00:00Z", "08:00:00"), "event 1: start must be a moment with its offset"),
        (GOOD.replace("2026-11-22T20:30:00+01:00", "2026-11-20T08:00:00Z"), "event 1: it ends before it starts"),
        (GOOD.replace("factor = 4", "factor = 0.5"), "event 1: factor must be a number from 1 to 20"),
        (GOOD.replace("factor = 4", "factor = true"), "event 1: factor must be"),
        (GOOD.replace("factor = 4", "factor = nan"), "event 1: factor must be"),
        (GOOD.replace('["@Uni.example"]', '"uni.example"'), "event 2: domains must be a list of texts"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, wrong: str, said: str) -> None:
    with pytest.raises(EventsError, match=said):
        read_events(written(tmp_path, wrong))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match=r"none\.toml cannot be read"):
        read_events(tmp_path / "none.toml")


def event(hours: int = 24, factor: float = 3.0, **scope: tuple[str, ...]) -> AnnouncedEvent:
    return AnnouncedEvent(f"event of {hours} hours", START, START + timedelta(hours=hours), factor, **scope)


def test_an_event_is_near_only_while_it_lasts() -> None:
    announced, first = AnnouncedEvents([event()]), hour_of(START)

    assert announced.within(range(first - 24, first)) == ()
    assert announced.within(range(first - 23, first + 1)) == announced.events
    assert announced.within(range(first + 23, first + 47)) == announced.events
    assert announced.within(range(first + 24, first + 48)) == ()


def test_events_at_once_draw_the_same_people() -> None:
    both, hour = [event(factor=2.0), event(hours=2, factor=4.0)], hour_of(START)

    assert [rush(both, hour + each) for each in (-1, 0, 1, 2, 23, 24)] == [1.0, 4.0, 4.0, 2.0, 2.0, 1.0]


def test_a_scope_is_a_domain_with_those_below_it_or_an_institution() -> None:
    scoped = event(domains=("uni.example",), institutions=("Example College",))
    announced = AnnouncedEvents([scoped, event(hours=3)])

    assert [announced.is_for_domain(scoped, each) for each in ("uni.example", "cs.uni.example", "muni.example")] == [
        True, True, False
    ]  # fmt: skip
    assert announced.is_for_institution(scoped, "claimed:college example")
    assert not announced.is_for_institution(scoped, "claimed:college other")
    assert not announced.is_for_institution(scoped, None)
    assert announced.is_for_domain(announced.events[1], "anywhere.example")
