"""Every operation of the API in one tuple: what routes it, who may call it, and what documents it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel

from service.api.schemas.attacks import AttacksAnswer
from service.api.schemas.decision import DecisionAnswer, SearchAnswer, SignupAnswer
from service.api.schemas.search import SearchRequest
from service.api.schemas.signup import SignupRequest
from service.domain.caller import Scope


class Operation(StrEnum):
    """The operations that need an API key, by their ``operationId``."""

    CREATE_SIGNUP = "createSignup"
    CREATE_SIGNUPS = "createSignups"
    SEARCH_SIGNUPS = "searchSignups"
    READ_SIGNUP = "readSignup"
    REASSESS_SIGNUP = "reassessSignup"
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
    """

    operation: Operation
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


_BODY_PROBLEMS = (400, 413, 415, 422)

OPERATIONS: tuple[Declared, ...] = (
    Declared(
        operation=Operation.CREATE_SIGNUP,
        method="POST",
        path="/v1/signups",
        summary="Assess a sign-up",
        description=(
            "Scores the sign-up, decides and records both before answering. The same `signup_id` with the same body "
            "gets the first answer again, with another body 409. A card number in any field is refused and neither "
            "stored nor logged."
        ),
        scope=Scope.SIGNUPS,
        answers={
            201: ("Decided and recorded.", DecisionAnswer),
            200: ("The recorded answer of an earlier request.", DecisionAnswer),
        },
        request=SignupRequest,
        problems=(*_BODY_PROBLEMS, 409),
        takes_key=True,
    ),
    Declared(
        operation=Operation.CREATE_SIGNUPS,
        method="POST",
        path="/v1/signups/batch",
        summary="Assess up to 1,000 sign-ups",
        description=(
            "One sign-up a line, one answer a line, in the same order: a decision, or a problem for a line that is "
            "wrong. Empty lines are skipped. A line has the limits of a single request, the body 16 MiB."
        ),
        scope=Scope.SIGNUPS,
        answers={200: ("A decision or a problem a line.", DecisionAnswer)},
        request=SignupRequest,
        problems=(400, 413, 415),
        lines=True,
    ),
    Declared(
        operation=Operation.SEARCH_SIGNUPS,
        method="POST",
        path="/v1/signups/search",
        summary="Search sign-ups",
        description=(
            "By what a person may know of a sign-up; everything given must hold. Identifiers are compared by their "
            "keyed digests. Every search is audited."
        ),
        scope=Scope.SIGNUPS,
        answers={200: ("One page, newest first.", SearchAnswer)},
        request=SearchRequest,
        problems=_BODY_PROBLEMS,
    ),
    Declared(
        operation=Operation.READ_SIGNUP,
        method="GET",
        path="/v1/signups/{id}",
        summary="Read a decision",
        description="The decision as it stands, and its history of changes.",
        scope=Scope.SIGNUPS,
        answers={200: ("The decision and its history.", SignupAnswer)},
        problems=(404,),
    ),
    Declared(
        operation=Operation.REASSESS_SIGNUP,
        method="POST",
        path="/v1/signups/{id}/reassess",
        summary="Assess a sign-up again",
        description="Scores with today's history, model and policy: a new entry in the history, never an overwrite.",
        scope=Scope.SIGNUPS,
        answers={200: ("The new decision and its history.", SignupAnswer)},
        problems=(404, 409),
    ),
    Declared(
        operation=Operation.LIST_ATTACKS,
        method="GET",
        path="/v1/attacks",
        summary="List attacks",
        description=(
            "Sign-ups that share a habit (browser and network, mailbox pattern, card range, pace of the form) far more "
            "often than its own past explains, with another sign against them. Those that go on come first, then the "
            "newest, at most a hundred; only those that the caller's own sign-ups were part of."
        ),
        scope=Scope.REVIEW,
        answers={200: ("The attacks.", AttacksAnswer)},
    ),
)
