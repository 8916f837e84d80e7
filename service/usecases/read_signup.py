"""Read a recorded sign-up: the decision as it stands, with its history of changes and its cluster as it is now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.features.catalogue import FEATURES
from models.registry import LoadedModel
from service.domain.account import Account
from service.domain.caller import Caller
from service.domain.cluster import cluster_id
from service.domain.decision import Assessment, Decision
from service.domain.errors import NotFoundError
from service.domain.step_up import StepUp
from service.usecases.judge import explained, reference_of
from service.usecases.ports import Begin, Recorded
from service.usecases.views import ChallengeView, ClusterView, DecisionView, SignupView


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
                raise NotFoundError(
                    "There is no such sign-up; it is asked for by the id of its answer, not by signup_id."
                )
            account = work.accounts.of(recorded.signup_no)
            step_up = work.step_ups.of_record(record_id)
            cases = work.cases.of_record(record_id)
            outcomes = tuple(work.outcomes.of(recorded.signup_no))
            kept = work.clusters.kept_by(recorded.signup_no)
        history = tuple(map(self._explained, recorded.assessments))
        view = signup_view(recorded, history, account=account, step_up=step_up)
        # As it is now, in the numbers of the first answer: that one's others and its own.
        cluster = None if kept is None else ClusterView(cluster_id(kept.cluster), kept.others + 1, kept.frauds)
        current = replace(view.current, case_id=cases[0].id if cases else None, cluster=cluster)
        return replace(view, current=current, outcomes=outcomes)

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


def signup_view(
    recorded: Recorded,
    history: tuple[Assessment, ...],
    *,
    account: Account | None = None,
    step_up: StepUp | None = None,
) -> SignupView:
    """What a caller sees of a record whose assessments are ``history``, oldest first."""
    current = DecisionView(
        id=recorded.id,
        signup_id=recorded.signup.signup_id,
        account_type=recorded.signup.account_type,
        record_only=recorded.signup.record_only,
        created_at=recorded.recorded_at,
        assessment=history[-1] if history else None,
        challenges=challenge_views(step_up),
    )
    return SignupView(current=current, history=history, account=account)


def challenge_views(step_up: StepUp | None) -> tuple[ChallengeView, ...]:
    """What a caller sees of the challenges of a sign-up."""
    if step_up is None:
        return ()
    return tuple(
        ChallengeView(each.id, each.method.value, each.status.value, each.expires_at, step_up.page.version)
        for each in step_up.challenges
    )
