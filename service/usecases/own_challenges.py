"""Own challenges: a caller of the API answers those of its own sign-ups, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from service.domain.caller import Caller
from service.domain.challenge import ChallengeStatus
from service.usecases.answer_challenge import Answer, AnswerChallenge, Find


@dataclass(frozen=True, slots=True)
class OwnChallenges:
    """See ``AnswerChallenge`` for what each raises; others' challenges are as unknown as those that do not exist."""

    answer: AnswerChallenge

    def result(
        self,
        challenge_id: str,
        status: ChallengeStatus,
        evidence: Mapping[str, object],
        *,
        caller: Caller,
        now: datetime,
    ) -> Answer:
        """The result of a method that the caller ran."""
        find, actor = _own(caller, challenge_id), f"key:{caller.key_id}"
        return self.answer.result(find, challenge_id, status, evidence, now=now, actor=actor)

    def code(self, challenge_id: str, code: str, *, caller: Caller, now: datetime) -> Answer:
        """The code that a person typed."""
        find, actor = _own(caller, challenge_id), f"key:{caller.key_id}"
        return self.answer.code(find, challenge_id, code, now=now, actor=actor)

    def resend(self, challenge_id: str, address: str | None, *, caller: Caller, now: datetime) -> Answer:
        """Another code."""
        find, actor = _own(caller, challenge_id), f"key:{caller.key_id}"
        return self.answer.send(find, challenge_id, address, now=now, actor=actor)


def _own(caller: Caller, challenge_id: str) -> Find:
    return lambda work: work.step_ups.of_challenge(caller.owner, challenge_id)
