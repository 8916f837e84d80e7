"""A challenge ends once, in one way, and takes only so many tries and codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.domain.challenge import LIVE_CODES, Challenge, ChallengeMethod, ChallengeStatus, ClosedBy
from service.domain.errors import ConflictError, TooManyError

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAUSE = timedelta(seconds=30)


def challenge(**changes: Any) -> Challenge:
    plain: dict[str, Any] = {
        "id": "c1",
        "method": ChallengeMethod.EMAIL_CODE,
        "created_at": NOON,
        "expires_at": NOON + HOUR,
        "tries_left": 3,
        "sends_left": 2,
    }
    return Challenge(**{**plain, **changes})


ENDINGS: list[Callable[[Challenge], Challenge]] = [
    lambda c: c.answered(ChallengeStatus.PASSED, ClosedBy.RESULT, now=NOON),
    lambda c: c.answered(ChallengeStatus.FAILED, ClosedBy.RESULT, now=NOON),
    lambda c: c.answered(ChallengeStatus.ABANDONED, ClosedBy.RESULT, now=NOON),
    lambda c: c.expired(NOON + HOUR),
    lambda c: c.cannot(NOON),
    lambda c: c.not_needed(NOON),
]
ANSWERS: list[Callable[[Challenge], Challenge]] = [
    lambda c: c.answered(ChallengeStatus.PASSED, ClosedBy.RESULT, now=NOON),
    lambda c: c.wrong(ClosedBy.CODE, now=NOON),
    lambda c: c.asked_again(now=NOON, pause=PAUSE, address=None),
    lambda c: c.cannot(NOON),
]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_changes_a_challenge_that_has_ended(
    ending: Callable[[Challenge], Challenge], answer: Callable[[Challenge], Challenge]
) -> None:
    ended = ending(challenge())

    assert not ended.pending
    assert ended.closed_at is not None
    with pytest.raises(ConflictError):
        answer(ended)
    assert ended.expired(NOON + 2 * HOUR) is ended
    assert ended.not_needed(NOON) is ended


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_after_the_time_is_refused_even_before_anybody_noticed(
    answer: Callable[[Challenge], Challenge],
) -> None:
    with pytest.raises(ConflictError, match="expired"):
        answer(challenge(expires_at=NOON))


def test_the_last_wrong_answer_fails_it() -> None:
    first = challenge(tries_left=2).wrong(ClosedBy.CODE, now=NOON)
    second = first.wrong(ClosedBy.CODE, now=NOON)

    assert (first.status, first.tries_left) == (ChallengeStatus.PENDING, 1)
    assert (second.status, second.tries_left) == (ChallengeStatus.FAILED, 0)


def test_codes_are_sent_a_few_times_and_with_pauses() -> None:
    once = challenge().asked_again(now=NOON, pause=PAUSE, address=None)
    with pytest.raises(TooManyError, match="a moment ago"):
        once.asked_again(now=NOON + timedelta(seconds=29), pause=PAUSE, address=None)
    twice = once.asked_again(now=NOON + PAUSE, pause=PAUSE, address="other@college.example")
    with pytest.raises(TooManyError, match="No further code"):
        twice.asked_again(now=NOON + HOUR / 2, pause=PAUSE, address=None)

    assert (once.address, twice.address) == (None, "other@college.example")


def test_the_codes_sent_last_are_good_for_their_time_and_none_outlives_the_challenge() -> None:
    coded = challenge()
    for number in range(LIVE_CODES + 2):
        coded = coded.with_code(bytes([number]), now=NOON, good_for=timedelta(minutes=30))

    assert [each.digest for each in coded.live_codes(NOON)] == [bytes([2]), bytes([3]), bytes([4])]
    assert coded.live_codes(NOON + timedelta(minutes=30)) == ()
    assert coded.answered(ChallengeStatus.PASSED, ClosedBy.CODE, now=NOON).codes == ()


def test_a_mailbox_is_not_kept_longer_than_the_challenge() -> None:
    assert challenge(address="oriane@college.example").cannot(NOON).address is None
