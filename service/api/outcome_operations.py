"""The operation about outcomes."""

from __future__ import annotations

from enum import StrEnum

from service.api.declared import BODY_PROBLEMS, Declared
from service.api.schemas.outcome import OutcomeLinesAnswer, OutcomeRecordedAnswer, OutcomesRequest
from service.domain.caller import Scope
from service.usecases.record_outcome import MOST_OUTCOMES


class OutcomeOperation(StrEnum):
    """The operations about outcomes, by their ``operationId``."""

    RECORD = "recordOutcomes"


OUTCOME_OPERATIONS: tuple[Declared, ...] = (
    Declared(
        operation=OutcomeOperation.RECORD,
        method="POST",
        path="/v1/outcomes",
        summary="Say what turned out to be true",
        description=(
            "One outcome, or a list of up to 1,000. `fraud` that is certain marks every identifier of the sign-up and "
            "its cluster; `legitimate` counts as verified good; `unknown` withdraws what the source said. A later "
            "outcome of the same source supersedes the earlier one, those of two sources are both kept, and the policy "
            "says whose word counts. Nothing is overwritten. The same outcome again changes nothing (200). "
            f"Of one sign-up {MOST_OUTCOMES} are recorded at most; one more is answered 409, in a list in its place."
        ),
        scope=Scope.OUTCOMES,
        answers={
            201: ("Recorded.", OutcomeRecordedAnswer),
            200: ("The source said the same before.", OutcomeRecordedAnswer),
            207: ("An answer an entry of the list.", OutcomeLinesAnswer),
        },
        request=OutcomesRequest,
        problems=(*BODY_PROBLEMS, 404, 409),
        tag="outcomes",
    ),
)
