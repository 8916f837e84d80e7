"""The operations about models: what routes them, who may call them, and what documents them."""

from __future__ import annotations

from enum import StrEnum

from service.api.declared import BODY_PROBLEMS, Declared
from service.api.schemas.model import ModelCardAnswer, ModelsAnswer, OverrideAnswer, PromoteRequest
from service.domain.caller import Scope

TAG = "models"


class ModelOperation(StrEnum):
    """The operations about models, by their ``operationId``."""

    LIST = "listModels"
    READ = "readModel"
    START_SHADOW = "startShadow"
    STOP_SHADOW = "stopShadow"
    PROMOTE = "promoteModel"
    ROLL_BACK = "rollBackModel"


MODEL_OPERATIONS: tuple[Declared, ...] = (
    Declared(
        operation=ModelOperation.LIST,
        method="GET",
        path="/v1/models",
        summary="List models",
        description="Every model of the registry: which one scores, and which are in the shadow.",
        scope=Scope.ADMIN,
        answers={200: ("The shipped model first, then the oldest.", ModelsAnswer)},
        tag=TAG,
    ),
    Declared(
        operation=ModelOperation.READ,
        method="GET",
        path="/v1/models/{version}",
        summary="Read a model's card",
        description="What it learnt from, how good it was, and what it must not be used for.",
        scope=Scope.ADMIN,
        answers={200: ("The card.", ModelCardAnswer)},
        problems=(404,),
        tag=TAG,
    ),
    Declared(
        operation=ModelOperation.START_SHADOW,
        method="POST",
        path="/v1/models/{version}/shadow",
        summary="Put a model into the shadow",
        description=(
            "It scores what is decided from now on, in the worker, and decides nothing. A promotion needs the gates, "
            "which judge on data: `gatehouse model promote VERSION --on DATA --judge-only`."
        ),
        scope=Scope.ADMIN,
        answers={200: ("It is in the shadow.", ModelCardAnswer)},
        problems=(404, 409),
        tag=TAG,
    ),
    Declared(
        operation=ModelOperation.STOP_SHADOW,
        method="DELETE",
        path="/v1/models/{version}/shadow",
        summary="Take a model out of the shadow",
        description="What it scored stays.",
        scope=Scope.ADMIN,
        answers={200: ("It is in no shadow.", ModelCardAnswer)},
        problems=(404,),
        tag=TAG,
    ),
    Declared(
        operation=ModelOperation.PROMOTE,
        method="POST",
        path="/v1/models/{version}/promote",
        summary="Promote a model",
        description=(
            "It scores from now on; every worker follows within 5 seconds. It must have been judged, by "
            "`gatehouse model promote VERSION --on DATA --judge-only` or `gatehouse model retrain`, as the file it is, "
            "against the champion of this moment, at most 14 days ago, and every gate must have held; 409 says which "
            "did not. With `override` and a reason the request waits (202) until another key or person asks for the "
            "same of the same champion within 24 hours."
        ),
        scope=Scope.ADMIN,
        answers={
            200: ("It scores.", ModelCardAnswer),
            202: ("It waits for a second person.", OverrideAnswer),
        },
        request=PromoteRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
    ),
    Declared(
        operation=ModelOperation.ROLL_BACK,
        method="POST",
        path="/v1/models/rollback",
        summary="Go back to the model before",
        description="The model that scored before scores again; every worker follows within 5 seconds.",
        scope=Scope.ADMIN,
        answers={200: ("It scores again.", ModelCardAnswer)},
        problems=(409,),
        tag=TAG,
    ),
)
