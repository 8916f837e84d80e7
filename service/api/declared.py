"""How an operation of the API is declared: what routes it, who may call it, and what documents it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel

from service.domain.caller import Scope

BODY_PROBLEMS = (400, 413, 415, 422)
"""What an operation with a body may refuse of its own."""


class Operation(StrEnum):
    """The operations that need an API key, by their ``operationId``."""

    CREATE_SIGNUP = "createSignup"
    CREATE_SIGNUPS = "createSignups"
    SEARCH_SIGNUPS = "searchSignups"
    READ_SIGNUP = "readSignup"
    REASSESS_SIGNUP = "reassessSignup"
    REPORT_ACCOUNT = "reportAccount"
    CREATE_WEBHOOK = "createWebhook"
    LIST_WEBHOOKS = "listWebhooks"
    READ_WEBHOOK = "readWebhook"
    CHANGE_WEBHOOK = "changeWebhook"
    REMOVE_WEBHOOK = "removeWebhook"
    ROTATE_WEBHOOK = "rotateWebhook"
    TEST_WEBHOOK = "testWebhook"
    LIST_DELIVERIES = "listDeliveries"
    REPLAY_DELIVERIES = "replayDeliveries"
    REPORT_CHALLENGE = "reportChallenge"
    ENTER_CODE = "enterCode"
    RESEND_CODE = "resendCode"
    LIST_ATTACKS = "listAttacks"


@dataclass(frozen=True, slots=True)
class Declared:
    """One operation.

    Attributes:
        method: the HTTP method.
        path: with parameters in braces.
        summary: one line for people.
        description: what a caller must know.
        scope: what the API key must carry.
        answers: statuses to their meaning and schema; the problems every operation may answer are added.
        request: the schema of the body, or of a line of it.
        problems: statuses of the problems of its own.
        lines: whether body and answer are JSON lines instead of one document.
        takes_key: whether an Idempotency-Key is honoured.
        query: the schema of the query parameters; each is a text that the schema converts.
        takes_csv: whether the body is CSV.
        links: whether the person's page stands in the header ``Link``.
        tag: the part of the documentation it belongs to.
    """

    operation: StrEnum
    method: str
    path: str
    summary: str
    description: str
    scope: Scope
    answers: dict[int, tuple[str, type[BaseModel]]]
    request: type[BaseModel] | None = None
    problems: tuple[int, ...] = ()
    lines: bool = False
    takes_key: bool = False
    query: type[BaseModel] | None = None
    tag: str = "sign-ups"
    takes_csv: bool = False
    links: bool = False
