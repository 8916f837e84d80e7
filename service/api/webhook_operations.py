"""The operations about webhooks."""

from __future__ import annotations

from service.api.declared import BODY_PROBLEMS, Declared, Operation
from service.api.schemas.webhooks import (
    DeliveriesAnswer,
    DeliveriesQuery,
    ReplayAnswer,
    ReplayRequest,
    RotateRequest,
    TestAnswer,
    WebhookAnswer,
    WebhookChange,
    WebhookRequest,
    WebhooksAnswer,
    WebhookSecretAnswer,
)
from service.domain.caller import Scope

_TAG = "webhooks"

WEBHOOK_OPERATIONS: tuple[Declared, ...] = (
    Declared(
        operation=Operation.CREATE_WEBHOOK,
        method="POST",
        path="/v1/webhooks",
        summary="Add an endpoint",
        description=(
            "From now on the owner's events are sent there, signed by the Standard Webhooks specification, at least "
            "once each and in no promised order. The secret is shown this once."
        ),
        scope=Scope.ADMIN,
        answers={201: ("The endpoint with its secret.", WebhookSecretAnswer)},
        request=WebhookRequest,
        problems=(*BODY_PROBLEMS, 409),
        tag=_TAG,
    ),
    Declared(
        operation=Operation.LIST_WEBHOOKS,
        method="GET",
        path="/v1/webhooks",
        summary="List the endpoints",
        description="All of the owner's, oldest first.",
        scope=Scope.ADMIN,
        answers={200: ("The endpoints.", WebhooksAnswer)},
        tag=_TAG,
    ),
    Declared(
        operation=Operation.READ_WEBHOOK,
        method="GET",
        path="/v1/webhooks/{id}",
        summary="Read an endpoint",
        description="Without its secret, which nobody can read again.",
        scope=Scope.ADMIN,
        answers={200: ("The endpoint.", WebhookAnswer)},
        problems=(404,),
        tag=_TAG,
    ),
    Declared(
        operation=Operation.CHANGE_WEBHOOK,
        method="PATCH",
        path="/v1/webhooks/{id}",
        summary="Change an endpoint",
        description=(
            "What is left out stays. While `active` is false, deliveries wait; those that waited for 30 days are "
            "dropped. A receiver that answers 410 is paused by the worker."
        ),
        scope=Scope.ADMIN,
        answers={200: ("The endpoint as it is now.", WebhookAnswer)},
        request=WebhookChange,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=_TAG,
    ),
    Declared(
        operation=Operation.REMOVE_WEBHOOK,
        method="DELETE",
        path="/v1/webhooks/{id}",
        summary="Remove an endpoint",
        description="Its deliveries go with it, those that are still waiting too.",
        scope=Scope.ADMIN,
        answers={200: ("The endpoint as it was.", WebhookAnswer)},
        problems=(404,),
        tag=_TAG,
    ),
    Declared(
        operation=Operation.ROTATE_WEBHOOK,
        method="POST",
        path="/v1/webhooks/{id}/rotate",
        summary="Rotate the secret",
        description=(
            "The new secret is shown this once. During the overlap every message carries both signatures, so that the "
            "receiver can change over whenever it likes."
        ),
        scope=Scope.ADMIN,
        answers={200: ("The endpoint with its new secret.", WebhookSecretAnswer)},
        request=RotateRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=_TAG,
    ),
    Declared(
        operation=Operation.TEST_WEBHOOK,
        method="POST",
        path="/v1/webhooks/{id}/test",
        summary="Send a test",
        description="An event of the type `webhook.test` to this endpoint alone; its delivery shows what came of it.",
        scope=Scope.ADMIN,
        answers={202: ("It is on its way.", TestAnswer)},
        problems=(404, 409),
        tag=_TAG,
    ),
    Declared(
        operation=Operation.LIST_DELIVERIES,
        method="GET",
        path="/v1/webhooks/{id}/deliveries",
        summary="List deliveries",
        description="Newest first; finished ones for 30 days. `state=dead` lists what was given up after three days.",
        scope=Scope.ADMIN,
        answers={200: ("One page.", DeliveriesAnswer)},
        query=DeliveriesQuery,
        problems=(404, 422),
        tag=_TAG,
    ),
    Declared(
        operation=Operation.REPLAY_DELIVERIES,
        method="POST",
        path="/v1/webhooks/{id}/replay",
        summary="Send deliveries again",
        description="With their first `webhook-id`, for three more days. What is still on its way is left alone.",
        scope=Scope.ADMIN,
        answers={202: ("They are on their way.", ReplayAnswer)},
        request=ReplayRequest,
        problems=(*BODY_PROBLEMS, 404),
        tag=_TAG,
    ),
)
