"""Render what the use cases answer, as the bytes that are sent and stored."""

from __future__ import annotations

from typing import Any  # the parts of an answer, before its schema has checked them

from service.api.outcome_answers import outcome_answer
from service.api.page_links import sealed
from service.api.schemas.decision import (
    AccountAnswer,
    AssessmentAnswer,
    ChallengeAnswer,
    ClusterAnswer,
    DecisionAnswer,
    ExploredAnswer,
    FoundAnswer,
    GrantAnswer,
    ListedAnswer,
    ModelAnswer,
    ReasonAnswer,
    SearchAnswer,
    SignupAnswer,
)
from service.domain.decision import Assessment, Decision, Reason
from service.usecases.views import DecisionView, SearchPage, SignupView

# A score is a probability estimated from thousands of sign-ups: six digits are more than it means.
_SCORE_DIGITS = 6
_CONTRIBUTION_DIGITS = 4
_FINAL = frozenset({Decision.ALLOW, Decision.DENY})


def render_decision(view: DecisionView) -> bytes:
    """The decision as ``POST /v1/signups`` answers it; the same view always gives the same bytes."""
    return DecisionAnswer(**_decision(view)).model_dump_json().encode()


def render_signup(view: SignupView) -> bytes:
    """The decision as it stands, with its history."""
    history, reported = tuple(map(_assessment, view.history)), view.account
    account = None
    if reported is not None:
        account = AccountAnswer(
            status=reported.status, account_id=reported.account_id, at=reported.at, reported_at=reported.reported_at
        )
    outcomes = tuple(map(outcome_answer, view.outcomes))
    answer = SignupAnswer(**_decision(view.current), history=history, account=account, outcomes=outcomes)
    return answer.model_dump_json().encode()


def render_page(page: SearchPage, next_cursor: str | None) -> bytes:
    """One page of a search."""
    items = tuple(
        FoundAnswer(
            id=each.id,
            signup_id=each.signup_id,
            account_type=each.account_type,
            decision=each.decision,
            score=_score(each.score),
            occurred_at=each.occurred_at,
            recorded_at=each.recorded_at,
        )
        for each in page.items
    )
    return SearchAnswer(items=items, next_cursor=next_cursor).model_dump_json().encode()


def _decision(view: DecisionView) -> dict[str, Any]:
    assessment = view.assessment
    decision = None if assessment is None else assessment.decision
    return {
        "id": view.id,
        "signup_id": view.signup_id,
        "decision": decision,
        "final": decision is None or decision in _FINAL,
        "score": None if assessment is None else _score(assessment.score),
        "reasons": () if assessment is None else tuple(map(_reason, assessment.reasons)),
        "rules": () if assessment is None else assessment.rules,
        "challenges": tuple(
            ChallengeAnswer(
                id=each.id,
                method=each.method,
                status=each.status,
                expires_at=each.expires_at,
                url=None if each.page_version is None else sealed(each.page_version, view.id),
            )
            for each in view.challenges
        ),
        "grant": None if assessment is None else _grant(assessment),
        "case_id": view.case_id,
        "cluster": None
        if view.cluster is None
        else ClusterAnswer(id=view.cluster.id, size=view.cluster.size, confirmed_fraud=view.cluster.confirmed_fraud),
        "model": None if assessment is None else _model(assessment),
        "policy_version": None if assessment is None else assessment.policy_version,
        "degraded": assessment is not None and assessment.degraded,
        "degraded_reason": None if assessment is None else assessment.degraded_reason,
        "created_at": view.created_at,
    }


def _assessment(assessment: Assessment) -> AssessmentAnswer:
    return AssessmentAnswer(
        id=assessment.id,
        decided_at=assessment.decided_at,
        decision=assessment.decision,
        score=_score(assessment.score),
        reasons=tuple(map(_reason, assessment.reasons)),
        rules=assessment.rules,
        silent_rules=assessment.silent_rules,
        failed_rules=assessment.failed_rules,
        lists=tuple(
            ListedAnswer(list=each.list, kind=each.kind.value, entry_id=each.entry_id) for each in assessment.hits
        ),
        explored=_explored(assessment),
        grant=_grant(assessment),
        model=_model(assessment),
        policy_version=assessment.policy_version,
        degraded=assessment.degraded,
        degraded_reason=assessment.degraded_reason,
    )


def _grant(assessment: Assessment) -> GrantAnswer | None:
    grant = assessment.granted
    if grant is None:
        return None
    return GrantAnswer(tier=grant.tier, quota=grant.quota, until=grant.until, lifted_by=grant.lifted_by)


def _explored(assessment: Assessment) -> ExploredAnswer | None:
    explored = assessment.explored
    if explored is None:
        return None
    return ExploredAnswer(
        instead_of=explored.instead_of, allowed=explored.allowed, propensity=round(explored.propensity, _SCORE_DIGITS)
    )


def _reason(reason: Reason) -> ReasonAnswer:
    return ReasonAnswer(
        code=reason.code,
        group=reason.group,
        text=reason.text,
        contribution=_rounded(reason.contribution),
        multiplier=_rounded(reason.multiplier),
    )


def _model(assessment: Assessment) -> ModelAnswer | None:
    model = assessment.model
    return None if model is None else ModelAnswer(version=model.version, sha256=model.sha256)


def _score(score: float | None) -> float | None:
    return None if score is None else round(score, _SCORE_DIGITS)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _CONTRIBUTION_DIGITS)
