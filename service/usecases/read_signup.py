"""Read a recorded sign-up: the decision as it stands, and its history of changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.features.catalogue import FEATURES
from models.registry import LoadedModel
from service.domain.caller import Caller
from service.domain.decision import Assessment, Decision
from service.domain.errors import NotFoundError
from service.usecases.judge import explained, reference_of
from service.usecases.ports import Begin, Recorded
from service.usecases.views import DecisionView, SignupView


@dataclass(frozen=True, slots=True)
class ReadSignup:
    """Read one of the caller's own sign-ups; others' are as unknown as those that do not exist."""

    begin: Begin
    model: Callable[[], LoadedModel | None]

    def __call__(self, record_id: str, *, caller: Caller) -> SignupView:
        """The decision as it stands; reasons that were left out when it was decided are computed now.

        Raises:
            NotFoundError: the caller recorded no such sign-up.
        """
        with self.begin() as work:
            recorded = work.ledger.get(caller.owner, record_id)
            if recorded is None:
                raise NotFoundError("There is no such sign-up.")
            outcomes = tuple(work.outcomes.of(recorded.signup_no))
        return replace(signup_view(recorded, tuple(map(self._explained, recorded.assessments))), outcomes=outcomes)

    def _explained(self, assessment: Assessment) -> Assessment:
        """An allowed sign-up was not explained at once; only the very model that scored it can explain it."""
        model = self.model()
        if (
            assessment.decision is not Decision.ALLOW
            or assessment.vector is None
            or model is None
            or assessment.model != reference_of(model)
        ):
            return assessment
        vector = np.frombuffer(assessment.vector, dtype="<f4").astype(np.float32)
        if len(vector) != len(FEATURES):
            # An earlier release computed other features; which of them stand where, it knew.
            return assessment
        return replace(assessment, reasons=(*explained(model, vector), *assessment.reasons))


def signup_view(recorded: Recorded, history: tuple[Assessment, ...]) -> SignupView:
    """What a caller sees of a record whose assessments are ``history``, oldest first."""
    current = DecisionView(
        id=recorded.id,
        signup_id=recorded.signup.signup_id,
        account_type=recorded.signup.account_type,
        record_only=recorded.signup.record_only,
        created_at=recorded.recorded_at,
        assessment=history[-1] if history else None,
    )
    return SignupView(current=current, history=history)
