"""What the tests of the stores share: assessments, raw access to the rows, both in the smallest form."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from service.domain.decision import Assessment, Decision, ModelReference, Reason
from service.storage.sql.engine import open_engine


@pytest.fixture
def make_assessment(noon: datetime) -> Callable[..., Assessment]:
    """Makes an assessment; name only what matters."""

    def make(**changes: Any) -> Assessment:
        plain: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "decided_at": noon,
            "decision": Decision.STEP_UP,
            "score": 0.412,
            "reasons": (
                Reason("DEVICE_SHARED", "linkage", "Other sign-ups came from this device.", 1.21),
                Reason("RULE", "rules", "A rule says so."),
            ),
            "rules": ("too_many_cards",),
            "vector": b"\x00\x00\x80?",
            "signals": {"email": {"domain_class": "academic", "folding": 2, "surprise": 0.25, "known": None}},
            "linkage": {"device": {"links_1h": 3}},
            "model": ModelReference("2026-11", "ab" * 32),
            "policy_version": 3,
            "degraded": True,
            "degraded_reason": "no network data",
        }
        return Assessment(**{**plain, **changes})

    return make


@pytest.fixture
def raw() -> Callable[[str], Any]:
    """A connection past every repository, for tampering and for looking at what is really there."""

    @contextmanager
    def connecting(url: str) -> Iterator[Connection]:
        engine = open_engine(url)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    return connecting
