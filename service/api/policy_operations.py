"""The operations about policies: what routes them, who may call them, and what documents them."""

from __future__ import annotations

from enum import StrEnum

from service.api.declared import BODY_PROBLEMS, Declared
from service.api.schemas.policy import (
    BackTestAnswer,
    BackTestRequest,
    PoliciesAnswer,
    PolicyAnswer,
    PolicyRequest,
    ReasonRequest,
)
from service.domain.caller import Scope

TAG = "policies"


class PolicyOperation(StrEnum):
    """The operations about policies, by their ``operationId``."""

    LIST = "listPolicies"
    ADD = "addPolicy"
    READ = "readPolicy"
    BACKTEST = "backtestPolicy"
    ACTIVATE = "activatePolicy"
    ROLL_BACK = "rollBackPolicy"


POLICY_OPERATIONS: tuple[Declared, ...] = (
    Declared(
        operation=PolicyOperation.LIST,
        method="GET",
        path="/v1/policies",
        summary="List policy versions",
        description="Every version with its author, and which came into force when.",
        scope=Scope.ADMIN,
        answers={200: ("Every version, oldest first.", PoliciesAnswer)},
        tag=TAG,
    ),
    Declared(
        operation=PolicyOperation.ADD,
        method="POST",
        path="/v1/policies",
        summary="Add a draft",
        description="A wrong document is refused; every wrong key is named with its line and what would be right.",
        scope=Scope.ADMIN,
        answers={201: ("The draft.", PolicyAnswer)},
        request=PolicyRequest,
        problems=(*BODY_PROBLEMS, 409),
        tag=TAG,
    ),
    Declared(
        operation=PolicyOperation.READ,
        method="GET",
        path="/v1/policies/{version}",
        summary="Read a policy version",
        description="Its document and its newest back-test.",
        scope=Scope.ADMIN,
        answers={200: ("The version.", PolicyAnswer)},
        problems=(404,),
        tag=TAG,
    ),
    Declared(
        operation=PolicyOperation.BACKTEST,
        method="POST",
        path="/v1/policies/{version}/backtest",
        summary="Back-test a policy version",
        description=(
            "Replays recorded decisions (logged scores, signals and linkage) and says what would have changed against "
            "the policy in force. It takes some seconds; `gatehouse policy backtest` has no limit."
        ),
        scope=Scope.ADMIN,
        answers={200: ("What would have changed.", BackTestAnswer)},
        request=BackTestRequest,
        problems=(*BODY_PROBLEMS, 404),
        tag=TAG,
    ),
    Declared(
        operation=PolicyOperation.ACTIVATE,
        method="POST",
        path="/v1/policies/{version}/activate",
        summary="Bring a policy version into force",
        description=(
            "It must have been back-tested against the version in force. A large change is refused (403) to the one "
            "who added it: a second person has to do it. Running workers decide by it within 5 seconds."
        ),
        scope=Scope.ADMIN,
        answers={200: ("It is in force.", PolicyAnswer)},
        request=ReasonRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
    ),
    Declared(
        operation=PolicyOperation.ROLL_BACK,
        method="POST",
        path="/v1/policies/{version}/rollback",
        summary="Go back to the policy before",
        description="`version` is the one to leave; it must be in force. No back-test and no second person is needed.",
        scope=Scope.ADMIN,
        answers={200: ("The version that is in force again.", PolicyAnswer)},
        request=ReasonRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
    ),
)
