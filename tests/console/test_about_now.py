"""Cases about several accounts, as their pages tell of them once something changed: a release, a corrected ban."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from service.app import application_of
from service.domain.case import Case
from service.domain.cluster import cluster_id
from service.domain.outcome import Label, Statement
from service.usecases.ports import NewRecord
from service.usecases.ports_outcomes import SignupRef
from service.usecases.record_outcome import say
from service.usecases.workers_cases import WorkersCase
from tests.console.test_worker_cases import let_in, new_id, of_a_piece, open_case

__all__ = ["let_in", "open_case"]


def said(app: Any, record: NewRecord, label: str, source: str = "law", reason: str = "stolen_card") -> None:
    application, now = application_of(app), datetime.now(UTC)
    with application.store.begin() as work:
        recorded = work.ledger.get(None, record.id)
        assert recorded is not None
        say(
            work,
            SignupRef(recorded.signup_no, record.id, record.owner, record.signup.signup_id),
            Statement(Label(label), source, reason, 1.0),
            lines=application.policy().document.clusters.outcomes,
            by="reviewer:dana",
            now=now,
            new_id=new_id,
        )
        work.commit()


@pytest.fixture
def two(let_in: Callable[..., NewRecord], request: pytest.FixtureRequest) -> tuple[NewRecord, NewRecord]:
    """Two sign-ups of one cluster."""
    name = f"{abs(hash(request.node.name)) % 10**8}"
    return let_in(f"su_a{name}", name), let_in(f"su_b{name}", name)


def contained(app: Any, lead: Any, record: NewRecord) -> tuple[str, str]:
    """Their cluster, and the containment of all of it."""
    begin = application_of(app).store.begin
    with begin() as work:
        recorded = work.ledger.get(None, record.id)
        assert recorded is not None
        number = work.clusters.cluster_of(recorded.signup_no)
        assert number is not None
    lead.send(f"clusters/{cluster_id(number)}/contain", reason="fraud_ring", whole="yes")
    with begin() as work:
        (containment,) = work.containments.of_cluster(number)
    return cluster_id(number), containment.id


def heading(page: str) -> str:
    return page.split('<h2 id="about-title">')[1].split("</section>", maxsplit=1)[0]


def unfounded(record: NewRecord, containment: str) -> WorkersCase:
    note = "2 accounts are contained, and no ban among them stands. Look whether it should be released."
    return WorkersCase(
        f"unfounded:{containment}", record.owner, "CONTAINMENT_UNFOUNDED", record.id, 2, detail={}, note=note
    )


def test_a_case_about_a_containment_says_what_became_of_it(
    app: Any, desk: Callable[..., Any], two: tuple[NewRecord, NewRecord], open_case: Callable[..., Case]
) -> None:
    lead = desk("lead")
    cluster, containment = contained(app, lead, two[0])
    case = open_case(unfounded(two[0], containment))

    before = lead.read(f"cases/{case.id}")
    said(app, two[1], "fraud")
    again = lead.read(f"cases/{case.id}")
    said(app, two[1], "unknown")
    lead.send(f"clusters/{cluster}/release", reason="mistake")
    after = lead.read(f"cases/{case.id}")

    assert "2 accounts are contained, and no ban among them stands" in before
    assert "gives everybody back the decision they had, and closes this case" in before
    assert "lets them all in" not in before
    assert "2 accounts, no known fraud, contained" in before
    assert "2 accounts are contained, and 1 of them is known fraud again" in again
    assert "accounts are contained" not in heading(after)
    assert "The containment of 2 accounts was released by lead" in after
    assert "Nobody had to judge it: what it is about was released" in after
    assert "closed the case: what it is about was released" in after
    assert "2 accounts, no known fraud, not contained" in after


def test_one_that_outlived_its_containment_says_that_nothing_is_left(
    app: Any, desk: Callable[..., Any], two: tuple[NewRecord, NewRecord], open_case: Callable[..., Case]
) -> None:
    lead = desk("lead")
    cluster, containment = contained(app, lead, two[0])
    lead.send(f"clusters/{cluster}/release", reason="mistake")

    page = lead.read(f"cases/{open_case(unfounded(two[0], containment)).id}")

    assert "Nothing is left to be released: a verdict closes this case." in page
    assert "accounts are contained" not in heading(page)


def test_a_piece_without_a_fraud_says_so_until_it_is_closed(
    app: Any, desk: Callable[..., Any], two: tuple[NewRecord, NewRecord], open_case: Callable[..., Case]
) -> None:
    said(app, two[0], "fraud")
    case, reviewer = open_case(of_a_piece(two[0])), desk("reviewer")

    before = reviewer.read(f"cases/{case.id}")
    said(app, two[0], "legitimate")
    after = reviewer.read(f"cases/{case.id}")

    assert "2 accounts, 1 known fraud, not contained" in before
    assert "No known fraud among them now" not in before
    assert "No known fraud among them now: the ban was corrected." in after


def test_two_clusters_of_one_operator_show_what_they_share_and_how_each_stands(
    app: Any,
    desk: Callable[..., Any],
    let_in: Callable[..., NewRecord],
    two: tuple[NewRecord, NewRecord],
    open_case: Callable[..., Case],
) -> None:
    lead, other = desk("lead"), let_in("su_other_side", "elsewhere")
    said(app, other, "fraud")
    cluster, _ = contained(app, lead, two[0])
    with application_of(app).store.begin() as work:
        recorded = work.ledger.get(None, other.id)
        assert recorded is not None
        second = cluster_id(work.clusters.cluster_of(recorded.signup_no) or 0)
    shared = [{"identifier": "ip_" + "ab" * 16, "accounts": [two[0].id, other.id]}]
    note = "Two clusters that may be one operator's. They share 3 identifiers of 2 kinds that few others carry."
    pair = sorted([cluster, second])
    case = open_case(
        WorkersCase(
            f"operator:{pair[0]}:{pair[1]}", two[0].owner, "SAME_OPERATOR", two[0].id, 2, {"shared": shared}, note
        )
    )

    page = heading(lead.read(f"cases/{case.id}"))

    assert "<strong>IP address …abab</strong>" in page
    assert [page.count(f'href="/console/signups/{each.id}"') for each in (two[0], other)] == [1, 1]
    assert "2 accounts, no known fraud, contained" in page
    assert "1 account, 1 known fraud, not contained" in page
    assert "Each is contained on its own, on its page; only a verdict closes this case." in page
    assert "To contain the cluster" not in page
