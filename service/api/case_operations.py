"""The operations about cases: what routes them, who may call them, and what documents them."""

from __future__ import annotations

from enum import StrEnum

from service.api.declared import BODY_PROBLEMS, Declared
from service.api.schemas.case import (
    AppealRequest,
    AssignRequest,
    CaseAnswer,
    CaseDetailAnswer,
    CaseListRequest,
    CasePageAnswer,
    ClaimAnswer,
    ClaimRequest,
    EscalateRequest,
    NoteAnswer,
    NoteRequest,
    OpenCaseRequest,
    SnoozeRequest,
    VerdictAnswer,
    VerdictRequest,
)
from service.domain.caller import Scope

TAG = "cases"


class CaseOperation(StrEnum):
    """The operations about cases, by their ``operationId``."""

    LIST = "listCases"
    OPEN = "openCase"
    CLAIM_NEXT = "claimNextCase"
    READ = "readCase"
    CLAIM = "claimCase"
    EXTEND = "extendCase"
    RELEASE = "releaseCase"
    ASSIGN = "assignCase"
    ESCALATE = "escalateCase"
    SNOOZE = "snoozeCase"
    NOTE = "noteCase"
    VERDICT = "giveVerdict"
    UNDO = "undoVerdict"
    REOPEN = "reopenCase"
    APPEAL = "appeal"


CASE_OPERATIONS: tuple[Declared, ...] = (
    Declared(
        operation=CaseOperation.LIST,
        method="GET",
        path="/v1/cases",
        summary="List cases",
        description="The most urgent first unless another order is asked for.",
        scope=Scope.REVIEW,
        answers={200: ("One page.", CasePageAnswer)},
        query=CaseListRequest,
        problems=(422,),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.OPEN,
        method="POST",
        path="/v1/cases",
        summary="Open a case by hand",
        description="About a sign-up that nothing held. While a case about it is unresolved: 409.",
        scope=Scope.REVIEW,
        answers={201: ("The new case.", CaseAnswer)},
        request=OpenCaseRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.CLAIM_NEXT,
        method="POST",
        path="/v1/cases/claim",
        summary="Claim the next case",
        description="The most urgent case goes to exactly one of those who ask, under the policy's lease.",
        scope=Scope.REVIEW,
        answers={200: ("The case, or null when nothing waits.", ClaimAnswer)},
        request=ClaimRequest,
        problems=BODY_PROBLEMS,
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.READ,
        method="GET",
        path="/v1/cases/{id}",
        summary="Read a case",
        description="With its conclusions, notes and history. What the caller must not know yet is left out.",
        scope=Scope.REVIEW,
        answers={200: ("The case.", CaseDetailAnswer)},
        problems=(404,),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.CLAIM,
        method="POST",
        path="/v1/cases/{id}/claim",
        summary="Claim one case",
        description="Held by another, or kept for another: 409. Claiming one's own case renews the lease.",
        scope=Scope.REVIEW,
        answers={200: ("The case, now the caller's.", CaseAnswer)},
        problems=(404, 409),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.EXTEND,
        method="POST",
        path="/v1/cases/{id}/extend",
        summary="Renew a lease",
        description="The case stays the caller's for the policy's time, from now.",
        scope=Scope.REVIEW,
        answers={200: ("The case with its new lease.", CaseAnswer)},
        problems=(404, 409),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.RELEASE,
        method="POST",
        path="/v1/cases/{id}/release",
        summary="Give a case back",
        description="It returns to its place in the queue.",
        scope=Scope.REVIEW,
        answers={200: ("The case, open again.", CaseAnswer)},
        problems=(404, 409),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.ASSIGN,
        method="POST",
        path="/v1/cases/{id}/assign",
        summary="Keep a case for a reviewer",
        description="Nobody else is handed it; a reservation that lets the case become overdue ends.",
        scope=Scope.REVIEW,
        answers={200: ("The case.", CaseAnswer)},
        request=AssignRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.ESCALATE,
        method="POST",
        path="/v1/cases/{id}/escalate",
        summary="Move a case to another queue",
        description="Open, at the place that its risk and waiting give it there.",
        scope=Scope.REVIEW,
        answers={200: ("The case.", CaseAnswer)},
        request=EscalateRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.SNOOZE,
        method="POST",
        path="/v1/cases/{id}/snooze",
        summary="Put a case off",
        description="Out of sight until a time to come; it goes on ageing and comes back at once when it is overdue.",
        scope=Scope.REVIEW,
        answers={200: ("The case.", CaseAnswer)},
        request=SnoozeRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.NOTE,
        method="POST",
        path="/v1/cases/{id}/notes",
        summary="Write a note on a case",
        description="Kept encrypted; the audit record says that there is one, not what it says.",
        scope=Scope.REVIEW,
        answers={201: ("The note.", NoteAnswer)},
        request=NoteRequest,
        problems=(*BODY_PROBLEMS, 404),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.VERDICT,
        method="POST",
        path="/v1/cases/{id}/verdict",
        summary="Give a verdict",
        description=(
            "By whoever holds the case; on a lost lease 409. The decision on the sign-up changes, an outcome with its "
            "own source is recorded and the sign-up flow is told, or `effect` says why not."
        ),
        scope=Scope.REVIEW,
        answers={200: ("The verdict and what it did.", VerdictAnswer)},
        request=VerdictRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.UNDO,
        method="POST",
        path="/v1/cases/{id}/undo",
        summary="Take a verdict back",
        description="By whoever gave it, within the policy's window; the decision before it returns.",
        scope=Scope.REVIEW,
        answers={200: ("The case, in the caller's hands again.", CaseAnswer)},
        problems=(404, 409),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.REOPEN,
        method="POST",
        path="/v1/cases/{id}/reopen",
        summary="Reopen a case",
        description="To correct a verdict: the decision stays until another verdict, of a higher version, changes it.",
        scope=Scope.REVIEW,
        answers={200: ("The case, open again.", CaseAnswer)},
        problems=(404, 409),
        tag=TAG,
    ),
    Declared(
        operation=CaseOperation.APPEAL,
        method="POST",
        path="/v1/signups/{id}/appeal",
        summary="Appeal against a denial",
        description="Opens a case for a person who did not decide before, with the earlier decision hidden at first.",
        scope=Scope.SIGNUPS,
        answers={201: ("The case of the appeal.", CaseAnswer)},
        request=AppealRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag=TAG,
    ),
)
