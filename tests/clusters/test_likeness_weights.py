"""What likeness is reckoned from: which habits count, what they weigh, where the line lies, what the budget leaves."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.identifiers import identifiers_of
from models.reference.reference import load_reference
from models.signals.signals import derive_signals
from service.domain.habits import HABIT_KINDS, HABIT_WORDS, SHARED_KINDS, Habits, habits_of
from service.domain.likeness import Counts, Drawn, left_of, line_above, surge_from
from tests.clusters.conftest import START, signup_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
DAY = timedelta(days=1)
REFERENCE = load_reference()


@given(
    name=st.sampled_from(["Ana Lee", "Oluwaseun Adé", "Зоя Орлова"]),
    country=st.sampled_from([None, "DE", "NG"]),
    born=st.sampled_from([None, 1960, 2006]),
    school=st.sampled_from([None, "Universität Hintertupfing"]),
)
def test_who_people_say_they_are_is_no_habit(
    name: str, country: str | None, born: int | None, school: str | None
) -> None:
    def habits(**said: Any) -> Habits:
        signup = signup_of(1, START, mail="x@webmail.example", agent=FIREFOX, **said)
        signals = derive_signals(signup, REFERENCE)
        keys = [(each.kind, each.value.encode()) for each in identifiers_of(signup, signals)]
        found = habits_of(keys, signals.as_document())
        # How many countries there are, not which.
        return {kind: digests for kind, digests in found.items() if kind != "countries"}

    assert habits(name=name, country=country, born=born, school=school) == habits(name="Somebody Else")


def test_every_shared_kind_has_a_place_of_its_own() -> None:
    assert len(set(HABIT_KINDS)) == len(HABIT_KINDS) <= 256
    assert [kind.value for kind in SHARED_KINDS] == list(HABIT_KINDS[: len(SHARED_KINDS)])


def test_every_habit_has_words_of_its_own_for_reviewers() -> None:
    assert set(HABIT_WORDS) == set(HABIT_KINDS)
    assert len(set(HABIT_WORDS.values())) == len(HABIT_WORDS)


def some(**digests: bytes) -> Habits:
    return {kind: frozenset([digest]) for kind, digest in digests.items()}


def test_the_more_telling_a_habit_the_more_it_weighs() -> None:
    banned = [some(bin=b"his", access=b"all")] * 8
    others = [some(bin=b"x%d" % number, access=b"all") for number in range(90)]
    weights = Counts(banned, others).weights()

    his, everybodys, strangers = (
        weights.total(some(bin=b"his")),
        weights.total(some(access=b"all")),
        weights.total(some(bin=b"new")),
    )
    assert his > everybodys > strangers
    assert abs(everybodys) < 0.05
    assert weights.strongest(some(bin=b"his", access=b"all"))[0] == "bin"


def test_somebody_who_is_counted_is_weighed_as_if_he_were_not() -> None:
    banned, others = [some(bin=b"his")] * 5, [some(bin=b"x%d" % number) for number in range(50)]
    with_him = Counts(banned, [*others, some(bin=b"his")])
    without = Counts(banned, others)

    assert with_him.total_of_another(some(bin=b"his")) == pytest.approx(
        without.weights().total(some(bin=b"his")), rel=0.05
    )


@given(
    values=st.lists(st.floats(-20, 20), min_size=1, max_size=300),
    share=st.floats(0, 1),
    asked_already=st.integers(0, 50),
)
def test_no_more_than_the_share_lies_above_the_line(values: list[float], share: float, asked_already: int) -> None:
    of = len(values) + asked_already
    line = line_above(values, share=share, of=of)

    assert sum(value > line for value in values) <= share * of


def test_of_few_the_line_is_the_highest_of_them_and_of_fewer_there_is_none() -> None:
    values = [float(value) for value in range(400)]

    assert line_above(values, share=0.003, of=400) == 399.0
    assert line_above(values[:300], share=0.003, of=300) == math.inf
    assert line_above(values, share=0.0, of=400) == math.inf


@pytest.mark.parametrize(
    ("drawn", "left"),
    [
        ([], 0.01),
        ([(0.01, 29, 26)], 0.0),
        ([(0.01, 2, -1)], 1 / 300),
        ([(0.01, 40, 31)], 0.01),
        ([(0.0, 3, 0)], 0.01),
    ],
)
def test_what_is_left_of_a_month_is_given_to_the_next_days(
    drawn: list[tuple[float, float, float]], left: float
) -> None:
    """A month of 0.1 % pays for three days of 1 %; each is a share, and how many days ago it began and ended."""
    spans = [Drawn(share, START - began * DAY, START - ended * DAY) for share, began, ended in drawn]

    assert left_of(0.001, spans, of=30 * DAY, for_=3 * DAY, now=START) == pytest.approx(left, abs=1e-12)


def test_a_surge_begins_where_far_more_fall_than_before() -> None:
    quiet, attack = [95, 384, 500], [936, 938, 940, 941, 943]

    assert surge_from([*quiet, *attack], last=945) == 936
    assert surge_from([95, *attack[:3]], last=941) == 936


@pytest.mark.parametrize(
    ("numbers", "last"),
    [
        ([], 0),
        ([7], 9),
        ([100, 200, 300, 400, 500], 600),
        ([10, 11, 12, 13, 14], 400),
        ([936, 938, 940, 941, 943], 945),
    ],
    ids=["nobody", "one", "evenly", "ended", "all-of-it"],
)
def test_there_is_no_surge_where_they_come_evenly_or_stopped(numbers: list[int], last: int) -> None:
    assert surge_from(numbers, last=last) is None


def test_an_attack_that_pauses_for_a_night_does_not_begin_with_its_second_burst() -> None:
    evening, morning = list(range(5_000, 5_080, 2)), list(range(6_100, 6_160, 2))

    assert surge_from([*evening, *morning], last=6_160) is None
    assert surge_from([4_000, 4_500, *evening, *morning], last=6_160) == 5_000


@settings(derandomize=True)
@given(st.integers(0, 2**32))
def test_chance_makes_no_surge(seed: int) -> None:
    rng = random.Random(seed)
    numbers = sorted(rng.sample(range(1, 2_001), 30))

    found = surge_from(numbers, last=2_000)

    # A case in some thousand is allowed: then it is the last few of them.
    assert found is None or found > numbers[15]
