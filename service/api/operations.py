"""Every operation of the API in one tuple: what routes it, who may call it, and what documents it."""

from __future__ import annotations

from service.api.case_operations import CASE_OPERATIONS
from service.api.challenge_operations import CHALLENGE_OPERATIONS
from service.api.cluster_operations import CLUSTER_OPERATIONS
from service.api.declared import BODY_PROBLEMS, Declared, Operation
from service.api.list_operations import LIST_OPERATIONS
from service.api.model_operations import MODEL_OPERATIONS
from service.api.outcome_operations import OUTCOME_OPERATIONS
from service.api.policy_operations import POLICY_OPERATIONS
from service.api.schemas.account import AccountRequest
from service.api.schemas.attacks import AttacksAnswer
from service.api.schemas.decision import DecisionAnswer, SearchAnswer, SignupAnswer
from service.api.schemas.search import SearchRequest
from service.api.schemas.signup import SignupRequest
from service.api.webhook_operations import WEBHOOK_OPERATIONS
from service.domain.caller import Scope

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
        problems=(*BODY_PROBLEMS, 409),
        takes_key=True,
        links=True,
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
        problems=BODY_PROBLEMS,
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
        links=True,
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
        links=True,
    ),
    Declared(
        operation=Operation.REPORT_ACCOUNT,
        method="POST",
        path="/v1/signups/{id}/account",
        summary="Report what became of the attempt",
        description=(
            "Whether the account was opened, and under which id of yours. The id may be personal: it is stored "
            "encrypted and shown to your keys alone. The same report again changes nothing; after `not_created` an "
            "account may be created all the same; what contradicts a created account is refused."
        ),
        scope=Scope.SIGNUPS,
        answers={200: ("The decision with the report.", SignupAnswer)},
        request=AccountRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
    ),
    *WEBHOOK_OPERATIONS,
    *POLICY_OPERATIONS,
    *MODEL_OPERATIONS,
    *LIST_OPERATIONS,
    *CHALLENGE_OPERATIONS,
    *CASE_OPERATIONS,
    *OUTCOME_OPERATIONS,
    *CLUSTER_OPERATIONS,
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
