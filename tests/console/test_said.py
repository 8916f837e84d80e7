"""Who called a sign-up fraud or good, when and why, and who corrected it: on its page, its case's and its cluster's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from service.app import application_of
from service.console.outcome_words import said_words
from service.domain.outcome import Label, Outcome, Statement
from service.domain.reviewer import Acting, Role
from service.usecases.ports import NewRecord
from tests.console.test_about_now import said, two
from tests.console.test_worker_cases import let_in, of_a_piece, open_case

__all__ = ["let_in", "open_case", "two"]

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def outcome(ordinal: int, label: str, source: str = "law", **changes: Any) -> Outcome:
    told = {"reason": "stolen_card", "confidence": 1.0, "occurred_at": NOW} | changes
    return Outcome(f"o{ordinal}", 1, ordinal, Statement(Label(label), source, **told), NOW, "reviewer:dana")


def lines_of(page: str) -> list[str]:
    """The lines of the history, as they are read."""
    history = page.split('id="history-title"')[1].split("</ol>", maxsplit=1)[0]
    told = [re.sub(r"<time.*?</time>|<[^>]+>", "", each).strip() for each in history.split("<li")[1:]]
    return [each.split(">", maxsplit=1)[1].strip() for each in told]


@pytest.mark.parametrize(
    ("outcomes", "what", "particulars"),
    [
        ([outcome(1, "fraud")], "said that it is fraud", "on the word of law, stolen card"),
        (
            [outcome(1, "fraud", reason="LINKED_TO_FRAUD", confidence=0.8)],
            "said that it is fraud",
            "on the word of law, It hangs together with accounts known to be fraudulent., 80 % sure",
        ),
        ([outcome(1, "legitimate")], "said that it is good", "on the word of law, stolen card"),
        (
            [outcome(1, "fraud", "traffic_classifier"), outcome(2, "legitimate")],
            "corrected: it is good, no fraud",
            "on the word of law, stolen card",
        ),
        (
            [outcome(1, "fraud"), outcome(2, "unknown", reason="mistake")],
            "took back that it is fraud",
            "on the word of law, mistake",
        ),
        ([outcome(1, "unknown")], "knows nothing of it", "on the word of law, stolen card"),
        (
            [outcome(1, "fraud", occurred_at=datetime(2026, 11, 20, tzinfo=UTC))],
            "said that it is fraud",
            "on the word of law, stolen card, of 2026-11-20",
        ),
    ],
)
def test_what_was_said_in_words(outcomes: list[Outcome], what: str, particulars: str) -> None:
    *earlier, newest = outcomes

    assert said_words(newest, earlier) == (what, particulars)


def test_the_page_of_a_sign_up_says_what_it_is_known_as_and_who_said_so(
    app: Any, desk: Callable[..., Any], two: tuple[NewRecord, NewRecord]
) -> None:
    reviewer, path = desk("reviewer"), f"signups/{two[0].id}"
    unsaid = reviewer.read(path)
    said(app, two[0], "fraud", source="traffic_classifier")
    banned = reviewer.read(path)
    said(app, two[0], "legitimate", reason="hearing")
    corrected = reviewer.read(path)

    assert "known fraud</span>" not in unsaid
    assert '<span class="tag deny">known fraud</span>' in banned
    assert '<span class="tag allow">verified good</span>' in corrected
    assert [line for line in lines_of(corrected) if line.startswith("dana")] == [
        "dana said that it is fraud on the word of traffic classifier, stolen card",
        "dana corrected: it is good, no fraud on the word of law, hearing",
    ]
    assert lines_of(unsaid)[0].startswith("the person signed up")


def test_the_page_of_a_case_says_so_too(
    app: Any, desk: Callable[..., Any], two: tuple[NewRecord, NewRecord], open_case: Callable[..., Any]
) -> None:
    said(app, two[0], "fraud")

    page = desk("reviewer").read(f"cases/{open_case(of_a_piece(two[0])).id}")

    assert "dana said that it is fraud on the word of law, stolen card" in lines_of(page)


def test_an_appeal_hides_what_was_said_until_the_first_opinion(
    app: Any, desk: Callable[..., Any], two: tuple[NewRecord, NewRecord]
) -> None:
    application, now = application_of(app), datetime.now(UTC)
    said(app, two[0], "fraud")
    reviewer = desk("reviewer")
    held = application.cases.open(two[0].id, acting=Acting("reviewer:x", Role.REVIEWER), now=now)
    reviewer.send(f"cases/{held.id}/claim")
    reviewer.send(f"cases/{held.id}/verdict", verdict="reject", reason_reject="NOT_ELIGIBLE")
    appeal = application.cases.appeal(two[0].id, "I am a student.", owner="acme", by="person", now=now)

    page = desk("reviewer", "b").read(f"cases/{appeal.id}")

    assert "said that it is fraud" not in page


def test_the_history_of_a_cluster_has_its_bans_and_corrections(
    app: Any, desk: Callable[..., Any], two: tuple[NewRecord, NewRecord]
) -> None:
    said(app, two[0], "fraud")
    said(app, two[1], "fraud")
    said(app, two[0], "legitimate", reason="hearing")
    with application_of(app).store.begin() as work:
        recorded = work.ledger.get(None, two[0].id)
        assert recorded is not None
        cluster = work.clusters.cluster_of(recorded.signup_no)

    lines = lines_of(desk("reviewer").read(f"clusters/cl_{cluster}"))

    first, second = (each.signup.signup_id for each in two)
    assert lines[:3] == [
        f"dana corrected: an account is good, no fraud {first}: on the word of law, hearing",
        f"dana said that an account is fraud {second}: on the word of law, stolen card",
        f"dana said that an account is fraud {first}: on the word of law, stolen card",
    ]
