"""Whatever comes in whatever order, every store finds the same clusters."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.linkage.identifier import Identifier
from models.linkage.marks import Mark
from models.linkage.velocity import Linkage
from service.storage.memory import MemoryStore
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from tests.linkage.recording import HOUR, Service, identifiers

_STRONG = ("device", "payment", "phone", "mailbox")
_SIGN_UPS = st.lists(
    st.dictionaries(st.sampled_from(_STRONG), st.sampled_from("abcd"), min_size=1, max_size=3), min_size=1, max_size=14
)


@pytest.mark.parametrize("looked", [True, False], ids=["as-judged", "unseen"])
def test_the_partition_is_that_of_a_plain_union_find_in_any_order(
    request: pytest.FixtureRequest, service: Service, looked: bool
) -> None:
    worlds = itertools.count()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(sign_ups=_SIGN_UPS, order=st.randoms(use_true_random=False))
    def agrees(sign_ups: list[dict[str, str]], order: Any) -> None:
        world = next(worlds)
        order.shuffle(sign_ups)
        numbers = []
        for each in sign_ups:
            values = {kind: f"{world}{value}" for kind, value in each.items()}
            numbers.append(service.came(*identifiers(**values), looked=looked))
        parts = service.partition(max(numbers))

        assert {part for part in parts if min(part) >= numbers[0]} == _union_find(sign_ups, numbers)

    agrees()


def _union_find(sign_ups: list[dict[str, str]], numbers: list[int]) -> set[frozenset[int]]:
    merged: list[tuple[set[Any], set[int]]] = []
    for each, number in zip(sign_ups, numbers, strict=True):
        own = set(each.items())
        touching = [part for part in merged if part[0] & own]
        values = own.union(*(part[0] for part in touching))
        members = {number}.union(*(part[1] for part in touching))
        merged = [*(part for part in merged if part not in touching), (values, members)]
    return {frozenset(members) for _, members in merged}


_CARRIED = st.dictionaries(
    st.sampled_from(
        ["device", "payment", "ip", "device_profile", "cardholder_bin", "name", "name_birth", "ip_prefix", "bin",
         "email_domain", "email_pattern", "profile_network", "network", "institution", "inviter"]
    ),
    st.sampled_from("xyz"),
    max_size=9,
)  # fmt: skip
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("came"), _CARRIED, st.integers(0, 45 * 24)),
        st.tuples(st.sampled_from(["mark", "unmark"]), st.integers(0, 11), st.sampled_from(list(Mark))),
        st.tuples(st.just("guard"), st.sampled_from(["device", "payment"]), st.sampled_from("xyz")),
    ),
    max_size=16,
)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_any_story_gives_in_sql_what_it_gives_in_memory(
    request: pytest.FixtureRequest,
    open_store: Callable[..., SqlStore],
    make_record: Callable[..., NewRecord],
    database: str,
) -> None:
    in_sql = Service(open_store(request.getfixturevalue(f"{database}_url")), make_record)
    worlds = itertools.count()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(steps=_STEPS, asked=_CARRIED, again=st.integers(0, 11))
    def agree(steps: list[Any], asked: dict[str, str], again: int) -> None:
        world = next(worlds)
        in_memory = Service(MemoryStore(), make_record)
        numbers: list[tuple[int, int, tuple[Identifier, ...]]] = []
        marked: set[tuple[int, Mark]] = set()
        guarded: set[tuple[str, str]] = set()
        for step, (what, first, second) in enumerate(steps):
            if what == "came":
                carried = identifiers(**{kind: f"{world}{value}" for kind, value in first.items()})
                ago = HOUR * second + timedelta(seconds=step)
                numbers.append((in_sql.came(*carried, ago=ago), in_memory.came(*carried, ago=ago), carried))
            elif what == "guard":
                if (first, second) not in guarded:
                    for each in (in_sql, in_memory):
                        each.guard(*identifiers(**{first: f"{world}{second}"}))
                guarded.add((first, second))
            elif first < len(numbers) and second is not Mark.CONTAINED:
                for each, number in zip((in_sql, in_memory), numbers[first][:2], strict=True):
                    if what == "unmark":
                        each.otherwise(number, second)
                    elif (first, second) not in marked:
                        each.known(number, second, ago=timedelta(seconds=100 - step))
                marked.add((first, second))
        wanted = identifiers(**{kind: f"{world}{value}" for kind, value in asked.items()})

        _same(in_sql.linkage(*wanted), in_memory.linkage(*wanted))
        if again < len(numbers):
            own_sql, own_memory, carried = numbers[again]
            _same(in_sql.again(own_sql, *carried), in_memory.again(own_memory, *carried))

    agree()


def _same(found: Linkage, expected: Linkage) -> None:
    assert found.as_document() == expected.as_document()
    assert found.company.composition == expected.company.composition
    assert found.company.fraud_age_us == expected.company.fraud_age_us
    assert found.touched == expected.touched
