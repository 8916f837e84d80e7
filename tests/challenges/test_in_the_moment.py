"""What is answered, expires or is looked at again in the very moment in which somebody else decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.domain.caller import Caller, Scope
from service.domain.challenge import ChallengeStatus
from service.usecases.ask_again import AskAgain
from service.usecases.expire_challenges import ExpireChallenges
from service.usecases.reassess import Reassess

CALLER = Caller("acme", "k1", frozenset(Scope))
SOON = timedelta(seconds=5)
Overtaken = Callable[..., Callable[[], Any]]
Denying = Callable[..., Callable[[Any], None]]


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def service(request: Any, start: Callable[..., Any]) -> Any:
    """A service that runs no method itself, on either database."""
    return start(request.getfixturevalue(request.param))


@pytest.fixture
def asked(service: Any, card: dict[str, Any]) -> Any:
    """The answer to somebody who is asked for a proof, a second ago."""
    answer = service.sign_up(card)
    service.clock.forward(seconds=1)
    return answer


def history(service: Any, answer: dict[str, Any]) -> list[str]:
    return [each["decision"] for each in service.read(answer["id"])["history"]]


def test_a_proof_given_in_the_moment_of_a_denial_undoes_nothing(
    service: Any, asked: Any, overtaken: Overtaken, denying: Denying
) -> None:
    parts, (challenge,) = service.parts, asked["challenges"]
    begin = overtaken(parts.store.begin, denying(asked["id"], at=service.clock.now + SOON))

    given = replace(parts.step_up.answer, begin=begin).result(
        lambda work: work.step_ups.of_record(asked["id"]),
        challenge["id"],
        ChallengeStatus.PASSED,
        {},
        now=service.clock.now,
        actor="key:k1",
    )

    (standing,) = service.read(asked["id"])["challenges"]
    assert (given.challenge.status, standing["status"]) == (ChallengeStatus.PASSED, "passed")
    assert history(service, asked) == ["step_up", "deny", "deny"]


def test_a_challenge_that_expires_in_the_moment_of_a_denial_is_left_to_the_next_round(
    service: Any, asked: Any, overtaken: Overtaken, denying: Denying
) -> None:
    parts = service.parts
    service.clock.forward(days=30)
    begin = overtaken(parts.store.begin, denying(asked["id"], at=service.clock.now + SOON))

    ended = [ExpireChallenges(begin, parts.step_up.answer.settle)(service.clock.now) for _ in range(2)]

    assert ended == [0, 1]
    assert history(service, asked) == ["step_up", "deny", "deny"]


def test_who_is_reassessed_in_the_moment_of_a_denial_was_denied_before(
    service: Any, asked: Any, overtaken: Overtaken, denying: Denying
) -> None:
    reassessed(service, asked, overtaken, denying(asked["id"], at=service.clock.now + SOON))

    assert history(service, asked) == ["step_up", "deny", "step_up"]
    assert service.events(asked["id"])[-1][1]["previous_decision"] == "deny"


def test_who_opens_the_page_in_the_moment_of_a_look_again_is_looked_at_all_the_same(
    service: Any, asked: Any, overtaken: Overtaken
) -> None:
    def opens(work: Any) -> None:
        before = work.step_ups.of_record(asked["id"])
        service.parts.step_up.answer.settle.save(work, before, before, now=service.clock.now, actor="person")

    reassessed(service, asked, overtaken, opens)

    assert len(history(service, asked)) == 2


def reassessed(service: Any, asked: Any, overtaken: Overtaken, somebody: Callable[[Any], None]) -> None:
    """Look at the sign-up again; in the moment before that is committed somebody else commits."""
    parts = service.parts
    reassess = Reassess(overtaken(parts.store.begin, somebody), parts.judge, AskAgain(parts.step_up.plan))
    reassess(asked["id"], caller=CALLER, now=service.clock.now)
