"""Render policy versions and what back-tests found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # the parts of an answer, before its schema has checked them

from service.api.schemas.policy import (
    ActivationAnswer,
    BackTestAnswer,
    ComparisonAnswer,
    PoliciesAnswer,
    PolicyAnswer,
    PolicyVersionAnswer,
)
from service.usecases.policy_versions import PolicyView
from service.usecases.ports_policy import Activation, BackTestRecord


def render_policies(views: Sequence[PolicyView], activations: Sequence[Activation]) -> bytes:
    """Every version."""
    return (
        PoliciesAnswer(
            items=tuple(PolicyVersionAnswer(**_version(each)) for each in views),
            activations=tuple(
                ActivationAnswer(
                    version=each.version, at=each.at, by=each.by, reason=each.reason, rolled_back=each.rolled_back
                )
                for each in activations
            ),
        )
        .model_dump_json()
        .encode()
    )


def render_policy(view: PolicyView) -> bytes:
    """One version, whole."""
    backtest = None if view.backtest is None else _backtest(view.backtest)
    return PolicyAnswer(**_version(view), document=view.version.document, backtest=backtest).model_dump_json().encode()


def render_backtest(record: BackTestRecord) -> bytes:
    """What a back-test found."""
    return _backtest(record).model_dump_json().encode()


def _version(view: PolicyView) -> dict[str, Any]:
    version = view.version
    return {
        "version": version.version,
        "in_force": view.in_force,
        "created_at": version.created_at,
        "created_by": version.created_by,
        "reason": version.reason,
        "activated_at": version.activated_at,
        "backtested_at": None if view.backtest is None else view.backtest.at,
    }


def _backtest(record: BackTestRecord) -> BackTestAnswer:
    return BackTestAnswer(
        at=record.at,
        by=record.by,
        whole=record.whole,
        large=record.large,
        found=ComparisonAnswer.model_validate(record.summary),
    )
