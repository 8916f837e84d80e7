"""The operations about one challenge."""

from __future__ import annotations

from service.api.declared import Declared, Operation
from service.api.schemas.challenge import ChallengeStateAnswer, CodeRequest, ResendRequest, ResultRequest
from service.domain.caller import Scope

_PROBLEMS = (400, 404, 409, 413, 415, 422)

CHALLENGE_OPERATIONS: tuple[Declared, ...] = (
    Declared(
        operation=Operation.REPORT_CHALLENGE,
        method="POST",
        path="/v1/challenges/{id}/result",
        summary="Report the result of a challenge",
        description=(
            "Of a method that the sign-up flow runs itself; of the others only `abandoned`. The result updates the "
            "odds and the decision, which the event `signup.changed` tells. The same result again gets the same "
            "answer; a contradictory or a late one 409."
        ),
        scope=Scope.SIGNUPS,
        answers={200: ("Recorded.", ChallengeStateAnswer)},
        request=ResultRequest,
        problems=_PROBLEMS,
    ),
    Declared(
        operation=Operation.ENTER_CODE,
        method="POST",
        path="/v1/challenges/{id}/code",
        summary="Enter the code a person typed",
        description=(
            "For flows that ask for mailed codes on a page of their own. A wrong code answers 200 with `accepted` "
            "false and the tries that are left; the last one fails the challenge."
        ),
        scope=Scope.SIGNUPS,
        answers={200: ("Right or wrong, and how it stands.", ChallengeStateAnswer)},
        request=CodeRequest,
        problems=_PROBLEMS,
    ),
    Declared(
        operation=Operation.RESEND_CODE,
        method="POST",
        path="/v1/challenges/{id}/resend",
        summary="Send another code",
        description="A few times only, and not in quick succession (429). Codes sent before stay good for their time.",
        scope=Scope.SIGNUPS,
        answers={200: ("On its way.", ChallengeStateAnswer)},
        request=ResendRequest,
        problems=(*_PROBLEMS, 429),
    ),
)
