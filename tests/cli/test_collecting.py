"""The garbage collector is asked to look seldom while sign-ups are lived through again, and as before afterwards."""

from __future__ import annotations

import gc

from service.cli.collecting import seldom_collected


def test_afterwards_it_looks_as_often_as_before() -> None:
    before = gc.get_threshold()

    with seldom_collected():
        within = gc.get_threshold()

    assert within[0] > before[0]
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
