"""The policy's pages without a browser: a draft's way into force, who may walk it, and what the pages say on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.app import application_of
from service.domain.decision import Assessment, Decision
from service.usecases.ports import NewRecord


def drafted(desk: Any, document: str, reason: str = "ask fewer") -> int:
    desk.send("policy/drafts", document=document, reason=reason)
    with application_of(desk.client.application).store.begin() as work:
        return int(work.policies.all()[-1].version)


@pytest.fixture
def shipped(desk: Callable[..., Any]) -> str:
    """The document that a draft starts from."""
    from service.domain.policy import default_policy_text

    return default_policy_text()


@pytest.fixture
def recorded(app: Any, make_record: Callable[..., NewRecord]) -> None:
    """A hundred decisions of which a few lie just below the line of step-up."""
    at = datetime.now(UTC) - timedelta(days=1)
    with application_of(app).store.begin() as work:
        for number, score in enumerate([0.02] * 90 + [0.10] * 10):
            when = at + timedelta(seconds=number)
            assessment = Assessment(
                id=f"a{number}", decided_at=when, decision=Decision.ALLOW, score=score, reasons=(), rules=(),
                vector=None, signals={"email": {"free": True}}, linkage={}, model=None, policy_version=0,
            )  # fmt: skip
            work.ledger.append(make_record(at=when, assessment=assessment))
        work.commit()


def test_a_draft_is_tried_approved_by_a_second_person_activated_and_rolled_back(
    app: Any, desk: Callable[..., Any], shipped: str, recorded: None
) -> None:
    author, other = desk("admin", "author"), desk("admin", "other")
    plain = drafted(author, shipped + "# as shipped\n", "a start")
    author.send(f"policy/versions/{plain}/backtest", most="1000")
    author.send(f"policy/versions/{plain}/activate", reason="nothing changes")
    bold = drafted(author, re.sub(r"step_up = [\d.]+", "step_up = 0.08", shipped), "ask more of them")

    early = author.send(f"policy/versions/{bold}/activate", 422, reason="now")
    tried = author.send(f"policy/versions/{bold}/backtest", most="1000")
    own = author.send(f"policy/versions/{bold}/activate", 422, reason="mine")
    other.send(f"policy/versions/{bold}/activate", reason="seen and right")
    page = other.read("policy")

    assert "was never back-tested: do that first" in early
    assert "Large change, which needs a second person: step_up 0.00% to 10.00%" in tried
    assert re.search(r'everybody</bdi></th><td class="number">100</td><td class="number">100.00 % → 90.00 %', tried)
    assert "rates of the decisions before and after".casefold() in tried.casefold()
    assert "you wrote it" in tried
    assert "somebody else than its author has to activate it" in own
    assert f"In force: version {bold}" in page
    back = other.send("policy/rollback", version=str(bold), reason="too many asked")
    assert f"In force: version {plain}" in back
    assert f"version {plain} came back in place of {bold}" in back
    with application_of(app).store.begin() as work:
        actions = [each.action for each in work.audit.entries(action="policy.", limit=7)]
    assert actions == [
        "policy.rolled_back",
        "policy.activated",
        "policy.backtested",
        "policy.added",
        "policy.activated",
        "policy.backtested",
        "policy.added",
    ]


def test_a_wrong_draft_comes_back_with_what_was_written_and_every_wrong_key(
    desk: Callable[..., Any], shipped: str
) -> None:
    lead = desk("lead")

    page = lead.send(
        "policy/drafts", 422, document=shipped.replace("format = 1", "format = 7\n<script>"), reason="<b>why</b>"
    )
    wrong = lead.send("policy/drafts", 422, document=shipped + "\n[nonsense]\nx = 1\n", reason="why")
    unsaid = lead.send("policy/drafts", 422, document=shipped, reason=" ")

    assert "&lt;script&gt;" in page
    assert "<script>\n" not in page
    assert "nonsense" in wrong
    assert "1 to 500 printable characters" in unsaid


def test_a_difference_says_in_words_which_lines_went_and_came(desk: Callable[..., Any], shipped: str) -> None:
    lead = desk("lead")
    number = drafted(lead, shipped.replace("format = 1", "format = 1  # <i>one</i>"))

    page = lead.read(f"policy/difference?old=0&new={number}")

    assert "removed</td>" in page
    assert "+ added</td>" in page
    assert "format = 1  # &lt;i&gt;one&lt;/i&gt;" in page
    assert "No difference" in lead.read(f"policy/difference?old={number}&new={number}")
    for unknown in ("old=0&new=9999", "old=0", "old=x&new=0", "old=0&new=99999999999"):
        lead.read(f"policy/difference?{unknown}", 404)


def test_who_may_do_what_is_decided_at_the_server(desk: Callable[..., Any], shipped: str) -> None:
    reviewer, lead = desk("reviewer"), desk("lead")
    number = drafted(lead, shipped)

    for path in ("policy/drafts", f"policy/versions/{number}/backtest", "policy/rollback"):
        reviewer.send(path, 403, document=shipped, reason="why", most="1000", version="1")
    reviewer.read("policy/draft", 403)
    lead.send(f"policy/versions/{number}/activate", 403, reason="why")

    page = reviewer.read(f"policy/versions/{number}")
    assert "Approve and activate" not in page
    assert "Back-test</button>" not in page
    assert "Write a draft" not in reviewer.read("policy")


def test_a_back_test_of_nothing_says_so(desk: Callable[..., Any], shipped: str) -> None:
    lead = desk("lead")
    number = drafted(lead, shipped)

    page = lead.send(f"policy/versions/{number}/backtest", most="1000", since="2999-01-01")
    refused = lead.send(f"policy/versions/{number}/backtest", 422, most="7")

    assert "No decision was on record for that time" in page
    assert "Choose how many decisions to replay." in refused
