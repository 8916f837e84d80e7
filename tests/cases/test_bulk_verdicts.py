"""One verdict on many cases, over every store: who is touched, who must agree, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.case import Case, CaseState
from service.domain.decision import Decision
from service.domain.errors import ConflictError, ForbiddenError, InvalidError
from service.domain.policy_sections.review import ReviewPolicy
from service.domain.proposal import ProposalState
from service.domain.reviewer import Acting
from service.domain.verdict import Verdict
from service.usecases.case_use_cases import CaseUseCases

Hold = Callable[..., Case]


@pytest.fixture
def review_policy() -> ReviewPolicy:
    return ReviewPolicy(blind_sample=0.0, second_person_above=2)


def decision(store: Any, case: Case) -> Decision:
    with store.begin() as work:
        return work.ledger.get(None, case.record_id).assessments[-1].decision


def test_a_small_selection_is_judged_at_once_without_what_cannot_be(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, noon: datetime
) -> None:
    free, another, held = hold(store), hold(store), hold(store)
    blind = hold(store, review=ReviewPolicy(blind_sample=1.0))
    desk.handle.claim(held.id, acting=eli, now=noon)
    chosen = [free.id, another.id, held.id, blind.id, free.id, "unknown"]

    preview = desk.bulk.preview(chosen, acting=dana, now=noon)
    result = desk.bulk.give(chosen, Verdict.REJECT, "LINKED_TO_FRAUD", acting=dana, now=noon)

    why_not = {each.case.id: each.why_not for each in preview}
    assert why_not[free.id] is None
    assert "eli holds this case for another" in (why_not[held.id] or "")
    assert why_not[blind.id] == "it needs independent opinions"
    assert (set(result.done), result.proposal) == ({free.id, another.id}, None)
    assert decision(store, free) is decision(store, another) is Decision.DENY
    assert decision(store, held) is Decision.REVIEW
    back = desk.bulk.undo(result.done, acting=dana, now=noon + timedelta(seconds=30))
    assert set(back.done) == {free.id, another.id}
    assert decision(store, free) is Decision.REVIEW


def test_a_large_selection_needs_another_person_of_rank(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, lea: Acting, noon: datetime
) -> None:
    cases = [hold(store) for _ in range(3)]
    ids = [case.id for case in cases]

    proposed = desk.bulk.give(ids, Verdict.REJECT, "LINKED_TO_FRAUD", acting=lea, now=noon).proposal

    assert proposed is not None
    assert {decision(store, case) for case in cases} == {Decision.REVIEW}
    assert desk.bulk.waiting() == (proposed,)
    with pytest.raises(ConflictError, match="A second person"):
        desk.bulk.approve(proposed.id, acting=lea, now=noon)
    with pytest.raises(ForbiddenError):
        desk.bulk.approve(proposed.id, acting=eli, now=noon)
    second = Acting("reviewer:sue", lea.role)
    done = desk.bulk.approve(proposed.id, acting=second, now=noon)
    assert set(done.done) == set(ids)
    assert {decision(store, case) for case in cases} == {Decision.DENY}
    with pytest.raises(ConflictError, match="approved by reviewer:sue"):
        desk.bulk.approve(proposed.id, acting=second, now=noon)
    with store.begin() as work:
        actions = [entry.action for entry in work.audit.entries(subject=proposed.id)]
        assert work.cases.get(None, ids[0]).state is CaseState.RESOLVED
    assert actions == ["case.proposal_approved", "case.proposed"]


def test_a_proposal_is_taken_back_by_its_maker_and_declined_by_a_lead(
    store: Any, hold: Hold, desk: CaseUseCases, dana: Acting, eli: Acting, lea: Acting, noon: datetime
) -> None:
    ids = [hold(store).id for _ in range(3)]
    first = desk.bulk.give(ids, Verdict.REJECT, "AUTOMATED", acting=dana, now=noon).proposal
    second = desk.bulk.give(ids, Verdict.REJECT, "AUTOMATED", acting=dana, now=noon).proposal
    assert first is not None
    assert second is not None

    with pytest.raises(ForbiddenError):
        desk.bulk.decline(first.id, acting=eli, now=noon)
    assert desk.bulk.decline(first.id, acting=dana, now=noon).state is ProposalState.DECLINED
    assert desk.bulk.decline(second.id, acting=lea, now=noon).decided_by == lea.name
    assert desk.bulk.waiting() == ()


def test_nothing_and_too_much_are_refused(store: Any, desk: CaseUseCases, dana: Acting, noon: datetime) -> None:
    for ids in ([], [str(number) for number in range(501)]):
        with pytest.raises(InvalidError):
            desk.bulk.preview(ids, acting=dana, now=noon)
