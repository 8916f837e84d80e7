"""Versions: drafts, back-tests, a second person for large changes, activation, and the way back in one step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.domain.decision import Decision, Explored
from service.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from service.usecases.backtest import BackTest
from service.usecases.in_force import FRESH_FOR_S, PolicyInForce
from service.usecases.known_outcomes import KnownLabel, OutcomesBySignupId
from service.usecases.policy_versions import PolicyVersions
from service.usecases.ports_decisions import Period

EVERYTHING = Period()
Decide = Callable[..., list[Any]]


@pytest.fixture
def versions(store: Any, document: str, noon: datetime) -> PolicyVersions:
    """The versions of a store in which the plain document is in force as version 1."""
    with store.begin() as work:
        work.policies.add(document, at=noon, by="gatehouse", reason="first", activate=True)
        work.commit()
    return PolicyVersions(store.begin)


def activated(versions: PolicyVersions, store: Any, document: str, noon: datetime) -> int:
    number = versions.add(document, reason="better", actor="ada", now=noon).version.version
    BackTest(store.begin)(number, EVERYTHING, actor="ada", now=noon)
    versions.activate(number, reason="tried", actor="ada", now=noon)
    return number


def audited(store: Any, action: str) -> list[Any]:
    with store.begin() as work:
        return [entry for entry in work.audit.entries() if entry.action == action]


def test_a_draft_is_not_in_force_and_a_wrong_document_is_no_draft(
    versions: PolicyVersions, document: str, noon: datetime
) -> None:
    draft = versions.add(document, reason="better", actor="ada", now=noon)
    with pytest.raises(InvalidError):
        versions.add("format = 2", reason="worse", actor="ada", now=noon)
    with pytest.raises(InvalidError):
        versions.add(document, reason=" ", actor="ada", now=noon)

    assert (draft.version.version, draft.in_force, draft.version.activated_at) == (2, False, None)
    assert [(view.version.version, view.in_force) for view in versions.all()] == [(1, True), (2, False)]


def test_a_version_comes_into_force_once_it_was_back_tested(
    versions: PolicyVersions, store: Any, document: str, noon: datetime
) -> None:
    versions.add(document, reason="better", actor="ada", now=noon)

    with pytest.raises(ConflictError, match="never back-tested"):
        versions.activate(2, reason="now", actor="ada", now=noon)
    BackTest(store.begin)(2, EVERYTHING, actor="ada", now=noon)
    view = versions.activate(2, reason="tried", actor="ada", now=noon + timedelta(hours=1))

    assert view.in_force
    assert view.version.activated_at == noon + timedelta(hours=1)
    assert [(each.version, each.by, each.reason) for each in versions.history()] == [
        (1, "gatehouse", "first"),
        (2, "ada", "tried"),
    ]
    (entry,) = audited(store, "policy.activated")
    assert (entry.actor, entry.subject, entry.detail) == ("ada", "2", {"instead_of": 1, "large": []})
    with pytest.raises(ConflictError, match="in force already"):
        versions.activate(2, reason="again", actor="ada", now=noon)


def test_a_back_test_against_another_version_no_longer_counts(
    versions: PolicyVersions, store: Any, document: str, noon: datetime
) -> None:
    versions.add(document, reason="b", actor="ada", now=noon)
    BackTest(store.begin)(2, EVERYTHING, actor="ada", now=noon)
    activated(versions, store, document, noon)

    with pytest.raises(ConflictError, match="compared with version 1, but version 3 is in force"):
        versions.activate(2, reason="tried", actor="ada", now=noon)


def test_a_large_change_needs_another_person_than_its_author(
    versions: PolicyVersions, store: Any, document: str, noon: datetime, decide_all: Decide
) -> None:
    decide_all(store, [0.05] * 90 + [0.15] * 5 + [0.3] * 5)
    number = versions.add(
        document.replace("step_up = 0.2", "step_up = 0.1"), reason="ask", actor="ada", now=noon
    ).version.version
    record, _ = BackTest(store.begin)(number, EVERYTHING, actor="bob", now=noon)

    assert record.large == ("step_up 5.00% to 10.00%",)
    with pytest.raises(ForbiddenError, match="somebody else than its author"):
        versions.activate(number, reason="mine", actor="ada", now=noon)
    assert versions.activate(number, reason="seen", actor="bob", now=noon).in_force


def test_the_policy_in_force_says_what_is_large_not_the_draft(
    versions: PolicyVersions, store: Any, document: str, noon: datetime, decide_all: Decide
) -> None:
    decide_all(store, [0.05] * 90 + [0.15] * 5 + [0.3] * 5)
    loose = document.replace("step_up = 0.2", "step_up = 0.1") + "[approval]\nfactor = 50.0\n"
    number = versions.add(loose, reason="ask", actor="ada", now=noon).version.version

    assert BackTest(store.begin)(number, EVERYTHING, actor="ada", now=noon)[0].large


def test_a_glimpse_of_the_record_is_no_back_test(
    versions: PolicyVersions, store: Any, document: str, noon: datetime, decide_all: Decide
) -> None:
    decide_all(store, [0.1] * 5)
    number = versions.add(document, reason="b", actor="ada", now=noon).version.version
    BackTest(store.begin)(number, Period(limit=3), actor="ada", now=noon)

    with pytest.raises(ConflictError, match="replayed 3 decisions"):
        versions.activate(number, reason="tried", actor="ada", now=noon)
    BackTest(store.begin)(number, Period(limit=6), actor="ada", now=noon)  # has room for more than there are
    assert versions.activate(number, reason="tried", actor="ada", now=noon).in_force


def test_rolling_back_goes_down_the_stack_one_step_at_a_time(
    versions: PolicyVersions, store: Any, document: str, noon: datetime
) -> None:
    activated(versions, store, document, noon)
    activated(versions, store, document, noon)

    with pytest.raises(ConflictError, match="Version 2 is not in force: version 3 is"):
        versions.roll_back(2, reason="wrong one", actor="eve", now=noon)
    first = versions.roll_back(3, reason="too strict", actor="eve", now=noon)
    second = versions.roll_back(None, reason="still", actor="eve", now=noon)

    assert (first.version.version, second.version.version) == (2, 1)
    assert [(each.version, each.rolled_back) for each in versions.history()] == [
        (1, None),
        (2, None),
        (3, None),
        (2, 3),
        (1, 2),
    ]
    assert [entry.actor for entry in audited(store, "policy.rolled_back")] == ["eve", "eve"]
    with pytest.raises(ConflictError, match="No other version was in force before"):
        versions.roll_back(1, reason="more", actor="eve", now=noon)


def test_of_two_who_activate_at_once_the_second_is_refused(
    versions: PolicyVersions, store: Any, document: str, noon: datetime
) -> None:
    versions.add(document, reason="b", actor="ada", now=noon)
    with store.begin() as first, store.begin() as second:
        first.policies.activate(2, at=noon, by="a", reason="r")
        second.policies.activate(2, at=noon, by="b", reason="r")
        first.commit()

        with pytest.raises(ConflictError, match="came into force at the same moment"):
            second.commit()


def test_an_unknown_version_is_not_found(versions: PolicyVersions, store: Any, noon: datetime) -> None:
    for ask in (
        lambda: versions.get(7),
        lambda: versions.activate(7, reason="r", actor="ada", now=noon),
        lambda: BackTest(store.begin)(7, EVERYTHING, actor="ada", now=noon),
    ):
        with pytest.raises(NotFoundError):
            ask()


def test_workers_pick_up_activations_and_roll_backs_within_seconds(
    versions: PolicyVersions, store: Any, document: str, noon: datetime
) -> None:
    clock = [0.0]
    in_force = PolicyInForce(store.begin, lambda: clock[0])
    seen = [in_force().version]

    activated(versions, store, document, noon)
    seen.append(in_force().version)
    clock[0] += FRESH_FOR_S
    seen.append(in_force().version)
    versions.roll_back(2, reason="no", actor="ada", now=noon)
    clock[0] += FRESH_FOR_S
    seen.append(in_force().version)

    assert seen == [1, 1, 2, 1]
    assert FRESH_FOR_S < 5


def test_a_back_test_counts_what_would_change_by_group_and_outcome(
    versions: PolicyVersions, store: Any, document: str, noon: datetime, decide_all: Decide
) -> None:
    records = decide_all(store, [0.05, 0.15, 0.3, 0.7])
    decide_all(store, [0.15], signals={"email": {"disposable": True}})
    labels = {
        records[0].signup.signup_id: KnownLabel.LEGITIMATE,
        records[1].signup.signup_id: KnownLabel.FRAUD,
        "somebody else": KnownLabel.FRAUD,
    }
    lower = document.replace("step_up = 0.2", "step_up = 0.1")
    number = versions.add(lower, reason="b", actor="ada", now=noon).version.version
    steps: list[tuple[int, int | None]] = []

    record, comparison = BackTest(store.begin, OutcomesBySignupId(labels))(
        number, EVERYTHING, actor="ada", now=noon, progress=lambda _, done, total: steps.append((done, total))
    )

    assert (comparison.everybody.total, comparison.everybody.changed) == (5, 2)
    assert comparison.groups["mail", "disposable"].counts == {(Decision.ALLOW, Decision.STEP_UP): 1}
    assert comparison.groups["mail", "free"].total == 4
    assert comparison.outcomes["fraud"].counts == {(Decision.ALLOW, Decision.STEP_UP): 1}
    assert comparison.outcomes["legitimate"].counts == {(Decision.ALLOW, Decision.ALLOW): 1}
    assert steps[-1] == (5, 5)
    assert versions.get(number).backtest == record
    assert record.summary["changed"] == 2


def test_a_back_test_is_of_its_period_only(
    versions: PolicyVersions, store: Any, document: str, noon: datetime, decide_all: Decide
) -> None:
    decide_all(store, [0.1] * 5)
    number = versions.add(document, reason="b", actor="ada", now=noon).version.version

    def replayed(period: Period) -> int:
        return BackTest(store.begin)(number, period, actor="ada", now=noon)[0].decisions

    minute = timedelta(minutes=1)
    assert replayed(Period(since=noon + minute)) == 4
    assert replayed(Period(before=noon + minute)) == 1
    assert replayed(Period(since=noon + minute, before=noon + 3 * minute)) == 2
    assert replayed(Period(limit=2)) == 2


def test_decisions_of_an_older_policy_are_ruled_on_again_and_draws_do_not_count(
    versions: PolicyVersions, store: Any, document: str, noon: datetime, decide_all: Decide
) -> None:
    decide_all(store, [0.3], decision=Decision.DENY, policy_version=9)
    drawn = Explored(Decision.STEP_UP, allowed=True, propensity=0.1)
    decide_all(store, [0.3], decision=Decision.ALLOW, explored=drawn)
    number = versions.add(document, reason="b", actor="ada", now=noon).version.version

    _, comparison = BackTest(store.begin)(number, EVERYTHING, actor="ada", now=noon)

    assert comparison.everybody.counts == {(Decision.STEP_UP, Decision.STEP_UP): 2}


def test_a_back_test_reads_the_sign_up_where_a_rule_does(
    versions: PolicyVersions, store: Any, document: str, noon: datetime, decide_all: Decide
) -> None:
    decide_all(store, [0.1])
    rule = """
[[rules]]
id = "college"
when = 'signup.email.endsWith("@college.example")'
at_least = "review"
reason = "COLLEGE"
text = "A sentence."
"""
    number = versions.add(document + rule, reason="b", actor="ada", now=noon).version.version

    _, comparison = BackTest(store.begin)(number, EVERYTHING, actor="ada", now=noon)

    assert comparison.rules == {"college": 1}
    assert comparison.everybody.counts == {(Decision.ALLOW, Decision.REVIEW): 1}
