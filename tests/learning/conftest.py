"""Models over the real catalogue, small enough to train in a moment, and decisions that they judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Connection

from models import registry
from models.card import DataSource, FeatureEntry
from models.features.catalogue import FEATURES
from models.linkage.identifier import IdentifierKind
from models.linkage.velocity import NEVER_SEEN, Linkage
from models.training.dataset import Dataset
from models.training.fit import FitSettings
from models.training.train import TrainedModel, TrainSettings, train
from service.domain.decision import Assessment, ModelReference
from service.domain.policy import Policy, default_policy_text, parse_policy
from service.storage.sql.engine import open_engine
from service.usecases.ports import AuditEntry, NewRecord

CATALOGUE = tuple(feature.name for feature in FEATURES)


def invented(rows: int = 4_000, seed: int = 1) -> Dataset:
    """The first two features tell."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, len(CATALOGUE))).astype(np.float32)
    truth = (random.random(rows) < 1 / (1 + np.exp(2.5 - 2 * matrix[:, 0] - matrix[:, 1]))).astype(np.int8)
    start = np.datetime64("2026-01-05", "us")
    return Dataset(
        features=tuple(FeatureEntry(name=name, direction=0) for name in CATALOGUE),
        matrix=matrix,
        labels=truth,
        truth=truth,
        times=start + np.arange(rows) * np.timedelta64(1_800_000_000, "us"),
        entities=np.full(rows, -1, np.int64),
        source=DataSource.RECORDED,
        description="invented decisions",
        slices={"account type": np.where(np.arange(rows) % 5 == 0, "research", "educational")},
    )


@pytest.fixture(scope="session")
def make_invented() -> Callable[..., Dataset]:
    return invented


@pytest.fixture(scope="session")
def small_models() -> dict[str, TrainedModel]:
    """Two models that learnt from different rows."""
    made = {}
    for version, seed in (("m-1", 1), ("m-2", 2)):
        settings = TrainSettings(fit=FitSettings(trees=20, patience=5, threads=1), seed=seed)
        made[version] = train(invented(seed=seed), settings, created=datetime(2026, 6, 1, tzinfo=UTC), version=version)
    return made


@pytest.fixture
def directory(tmp_path: Path, small_models: dict[str, TrainedModel]) -> Path:
    """A registry that holds both, with the first active."""
    for each in small_models.values():
        each.save(tmp_path / "models")
    registry.promote(tmp_path / "models", "m-1", catalogue=CATALOGUE)
    return tmp_path / "models"


@pytest.fixture(scope="session")
def policy() -> Policy:
    return parse_policy(default_policy_text(), version=1)


@pytest.fixture
def decide(
    directory: Path, policy: Policy, make_record: Callable[..., NewRecord], noon: datetime
) -> Callable[..., NewRecord]:
    """Makes a record as a model of the registry would have decided it; the vector is random unless given."""
    loaded = {each: registry.load(directory, each, catalogue=CATALOGUE) for each in ("m-1", "m-2")}

    def deciding(number: int, *, version: str = "m-1", at: datetime | None = None, **changes: Any) -> NewRecord:
        at = at or noon + timedelta(seconds=number)
        vector: NDArray[np.float32] = changes.pop("vector", None)
        if vector is None:
            vector = np.random.default_rng(number).normal(size=len(CATALOGUE)).astype(np.float32)
        unseen = changes.pop("unseen", False)
        model = loaded[version]
        score = model.scorer.score(vector).probability
        record = make_record(f"su_{number}", at=at, assessment=True)
        linkage = Linkage([(IdentifierKind.NETWORK, NEVER_SEEN)]).as_document()
        linkage["network"]["links_365d"] = 0 if unseen else 3
        plain = {
            "id": f"a{number}",
            "decided_at": at,
            "decision": policy.document.thresholds[record.signup.account_type].decision_for(score),
            "score": score,
            "reasons": (),
            "rules": (),
            "vector": vector.astype("<f4").tobytes(),
            "signals": {},
            "linkage": linkage,
            "model": ModelReference(model.card.version, model.card.model_sha256),
            "policy_version": 1,
        }
        audit = AuditEntry(at=at, actor="key:k1", action="signup.assessed", subject=record.id, detail={})
        return make_record(
            signup=record.signup, at=at, id=record.id, assessment=Assessment(**{**plain, **changes}), audit=audit
        )

    return deciding


@pytest.fixture
def raw() -> Callable[[str], Any]:
    """A connection past every repository, for looking at what is really there."""

    @contextmanager
    def connecting(url: str) -> Iterator[Connection]:
        engine = open_engine(url)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    return connecting
