"""One case a cluster in the queue's page, and the way from it to those behind it and back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from models.linkage.identifier import Identifier, IdentifierKind
from service.app import application_of
from service.domain.case import Case
from service.domain.decision import Assessment, Decision
from service.domain.ids import uuid7
from service.domain.policy_sections.review import ReviewPolicy
from service.usecases.gather_cases import GatherCases
from service.usecases.open_case import case_of_decision
from service.usecases.ports import NewRecord


def new_id(now: datetime) -> str:
    return uuid7(now, secrets.randbits(74))


@pytest.fixture
def hold(app: Any, make_record: Callable[..., NewRecord]) -> Callable[..., Case]:
    """Records a sign-up that is held for review, with its case; gives the case."""

    def held(signup_id: str, score: float, device: str) -> Case:
        now = datetime.now(UTC)
        assessment = Assessment(
            id=new_id(now),
            decided_at=now,
            decision=Decision.REVIEW,
            score=score,
            reasons=(),
            rules=(),
            vector=None,
            signals={},
            linkage={},
            model=None,
            policy_version=1,
        )
        shared = (Identifier(IdentifierKind.DEVICE, device),)
        record = make_record(signup_id, at=now, assessment=assessment, identifiers=shared)
        case = case_of_decision(
            assessment,
            owner=record.owner,
            record_id=record.id,
            account_type=record.signup.account_type,
            review=ReviewPolicy(blind_sample=0.0),
            now=now,
            new_id=new_id,
        )
        assert case is not None
        with application_of(app).store.begin() as work:
            work.ledger.append(NewRecord(**{name: getattr(record, name) for name in record.__slots__} | {"case": case}))
            work.commit()
        return case

    return held


def test_a_front_leads_to_those_behind_it_and_they_lead_back(
    app: Any, desk: Callable[..., Any], hold: Callable[..., Case]
) -> None:
    one, two = hold("su_behind_1", 0.5, "d"), hold("su_behind_2", 0.6, "d")
    front = hold("su_<b>front", 0.9, "d")
    alone = hold("su_alone", 0.4, "elsewhere")
    gather, reviewer = GatherCases(application_of(app).store.begin), desk("reviewer")
    gather(datetime.now(UTC))

    queue = reviewer.read("queue")
    page = reviewer.read(f"cases/{front.id}")
    listed = reviewer.read(f"queue?behind={front.id}")
    follower = reviewer.read(f"cases/{one.id}")

    assert re.findall(r'name="case" value="([^"]+)"', queue) == [front.id, alone.id]
    assert '<td class="number">3</td>' in queue
    assert "2 more held sign-ups of the same cluster stand behind this case." in page
    assert f'href="/console/queue?behind={front.id}"' in page
    assert re.findall(r'name="case" value="([^"]+)"', listed) == [two.id, one.id]
    assert "<h1>Behind the case of <bdi>su_&lt;b&gt;front</bdi></h1>" in listed
    assert f'<input type="hidden" name="behind" value="{front.id}">' in listed
    assert "su_<b>front" not in page + listed + follower
    assert "stands in the queue in front of this one" in follower
    assert f'href="/console/cases/{front.id}"' in follower
    assert "behind this case" not in reviewer.read(f"cases/{alone.id}") + follower
    assert "Nobody stands behind this case" in reviewer.read(f"queue?behind={alone.id}")
    assert "There is no such case for you." in reviewer.read("queue?behind=%22%3E%3Cscript%3E")


def test_those_behind_are_judged_together_and_then_nobody_is(
    app: Any, desk: Callable[..., Any], hold: Callable[..., Case]
) -> None:
    one, two, front = (hold(f"su_{place}", place / 10, "e") for place in (5, 6, 7))
    gather, reviewer = GatherCases(application_of(app).store.begin), desk("reviewer")
    gather(datetime.now(UTC))

    preview = reviewer.send("bulk", 200, case=[one.id, two.id])
    result = reviewer.send("bulk/apply", 200, case=[one.id, two.id], conclusion="reject AUTOMATED")
    gather(datetime.now(UTC))

    assert "Judge 2 cases together" in preview
    assert "reject 2" in result
    assert "Every other held sign-up of its cluster is judged" in reviewer.read(f"queue?behind={front.id}")
    assert "behind this case" not in reviewer.read(f"cases/{front.id}")
