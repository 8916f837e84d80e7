"""Cases that the worker opened, in Chromium: what is read first, the key to the cluster, and phones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from service.app import new_id
from service.connections import CasesOfWorker
from service.domain.case import Case
from service.usecases.ports_cluster_list import ClusterQuery
from service.usecases.workers_cases import WorkersCase

Open = Callable[..., Any]
HEADING = "A piece of 28 accounts with 2 known frauds (1 source)"


@pytest.fixture
def piece(console: Any) -> Case:
    """The case of a piece of the largest cluster."""
    application = console.application
    with application.store.begin() as work:
        (largest,) = work.cluster_list.find(ClusterQuery(grown_since=console.clock(), limit=1))
        shown = next(iter(work.clusters.members(largest.number)))
        case = WorkersCase(
            subject=f"piece:{shown.id}",
            owner=shown.owner,
            reason="PIECE_WITH_FRAUD",
            record_id=shown.id,
            size=28,
            detail={},
            note=f"{HEADING}. That is too little to contain it without a person.",
        )
        CasesOfWorker(application.policy, new_id, console.clock).open(work, case)
        work.commit()
        found = work.cases.of_subject(shown.owner, case.subject)
    assert found is not None
    return found


def overflow(tab: Any) -> int:
    return int(tab.page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("width", [1280, 390])
def test_what_it_is_about_is_read_before_the_score_and_the_verdict(open_tab: Open, piece: Case, width: int) -> None:
    tab = open_tab("dana", width=width)
    tab.go(f"/console/cases/{piece.id}")

    def top(selector: str) -> float:
        return float(tab.page.locator(selector).bounding_box()["y"])

    assert tab.text("#about-title") == HEADING
    assert top("#about-title") < top("#why-title")
    if width == 390:
        assert top("#about-title") < top("aside.panel")
    assert overflow(tab) <= 0
    tab.page.keyboard.press("p")
    tab.page.wait_for_url("**/clusters/cl_*/preview")


def test_on_a_phone_a_selection_is_judged_without_pushing_the_page_aside(open_tab: Open, piece: Case) -> None:
    assert piece.size == 28
    tab = open_tab("dana", width=390)
    tab.go("/console/queue?size=28")
    assert "shown for a piece of 28 accounts" in tab.text()
    assert overflow(tab) <= 0
    tab.go("/console/queue")
    for box in tab.page.locator("tr[data-row] input[type=checkbox]").all()[:3]:
        box.check()

    tab.page.click("button:has-text('Judge together')")
    tab.page.wait_for_selector("[name=conclusion]")

    select = tab.page.locator("[name=conclusion]").bounding_box()
    assert overflow(tab) <= 0
    assert select["x"] + select["width"] <= 390
