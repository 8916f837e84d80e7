"""A sign-up that is judged before a cut and recorded after it: a minute later it is where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from service.usecases.divide_guarded import DivideGuarded
from tests.clusters.test_cut_meanwhile import FIREFOX, cut, handle_of

Came = Callable[..., Any]

PHONE = "+33612345678"
PAIR = {"ip": "81.57.3.9", "agent": FIREFOX}


@pytest.fixture
def came_in_flight(gate: Any) -> Came:
    """``came_in_flight(meanwhile, ...)``: somebody comes, and meanwhile is called between the look and the record."""

    def came(meanwhile: Callable[[], Any], **carries: Any) -> Any:
        begin, assess, once = gate.store.begin, gate.assess, iter([meanwhile])

        class Late:
            def __init__(self, work: Any) -> None:
                self._work = work

            def __getattr__(self, name: str) -> Any:
                return getattr(self._work, name)

            def commit(self) -> None:
                for happen in once:
                    happen()
                self._work.commit()

        @contextmanager
        def late() -> Iterator[Any]:
            with begin() as work:
                yield Late(work)

        gate.assess = replace(assess, begin=late)
        view = gate.came(**carries)
        gate.assess = assess
        return view

    return came


def a_minute_later(gate: Any) -> None:
    gate.later(seconds=70)
    gate.settle(gate.now)
    DivideGuarded(gate.store.begin)(gate.now)
    gate.settle(gate.now)


@pytest.mark.parametrize("further", [{}, {"phone": PHONE}, PAIR])
@pytest.mark.parametrize(("kind", "shared"), [("payment", {"card": "shared"}), ("ip", PAIR)])
def test_whoever_belongs_to_a_part_follows_it_and_does_not_unite_it_with_the_rest(
    gate: Any, came_in_flight: Came, kind: str, shared: dict[str, Any], further: dict[str, Any]
) -> None:
    left = [gate.came(device="left", **shared), gate.came(device="left"), gate.came(device="left")]
    right = [gate.came(device="right", **shared), gate.came(device="right")]
    others = [gate.came(phone=PHONE) for _ in range(2)]
    handle = handle_of(gate, left[0], kind)
    assert gate.cluster(left[0]) == gate.cluster(right[0])

    new = came_in_flight(lambda: cut(gate, left[0], handle), device="right", **further)
    a_minute_later(gate)

    assert gate.cluster(left[0]) != gate.cluster(right[0]) == gate.cluster(new)
    assert (gate.cluster(others[0]) == gate.cluster(new)) == ("phone" in further)
    assert gate.cluster(gate.came(device="left")) == gate.cluster(left[0])


@pytest.mark.parametrize("agreeing", [{"agent": FIREFOX}, {"device": "left", "agent": FIREFOX}])
def test_whoever_only_the_cut_identifier_tied_does_not_stay(
    gate: Any, came_in_flight: Came, agreeing: dict[str, Any]
) -> None:
    left = [gate.came(device="left", **PAIR) for _ in range(2)]
    handle = handle_of(gate, left[0], "ip")

    new = came_in_flight(lambda: cut(gate, left[0], handle), ip=PAIR["ip"], **agreeing)
    a_minute_later(gate)

    assert (gate.cluster(new) == gate.cluster(left[0])) == ("device" in agreeing)
