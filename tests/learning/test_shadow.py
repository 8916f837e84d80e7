"""Challengers score everything that was decided, once, however late it was committed, and decide nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from models import registry
from models.features.catalogue import FEATURES
from models.registry import UnknownModelError
from service.domain.decision import Decision, ModelReference
from service.domain.errors import ConflictError, NotFoundError
from service.domain.policy import Policy
from service.storage.memory import MemoryStore
from service.storage.sql import appends
from service.storage.sql.store import SqlStore
from service.usecases.compare import Compare
from service.usecases.ports import NewRecord
from service.usecases.ports_learning import ShadowPair
from service.usecases.ripeness import said_by_name
from service.usecases.shadow import ScoreShadows, StartShadow, StopShadow, pairs_of, would_decide

Store = MemoryStore | SqlStore
Decide = Callable[..., NewRecord]
CATALOGUE = tuple(feature.name for feature in FEATURES)


@dataclass(frozen=True)
class Scene:
    """One store with the registry behind it, and what people and workers do to them."""

    store: Store
    directory: Path
    policy: Policy
    decide: Decide
    noon: datetime

    def start(self, version: str = "m-2") -> ModelReference:
        return StartShadow(self.store.begin, self.directory, CATALOGUE)(version, actor="test", now=self.noon)

    def stop(self, version: str = "m-2") -> None:
        StopShadow(self.store.begin)(version, actor="test", now=self.noon)

    def record(self, *records: NewRecord) -> None:
        for each in records:
            with self.store.begin() as work:
                work.ledger.append(each)
                work.commit()

    def seal(self) -> None:
        with self.store.begin() as work:
            while work.audit.seal(at=self.noon, limit=7):
                pass

    def scorer(self) -> ScoreShadows:
        return ScoreShadows(self.store.begin, self.directory, CATALOGUE, lambda: self.policy)

    def score(self) -> int:
        return self.scorer()(self.noon)

    def pairs(self, version: str = "m-2") -> list[ShadowPair]:
        return list(pairs_of(self.store.begin, version))


@pytest.fixture
def scene_on(directory: Path, policy: Policy, decide: Decide, noon: datetime) -> Callable[[Store], Scene]:
    return lambda store: Scene(store, directory, policy, decide, noon)


@pytest.fixture
def scene(store: Store, scene_on: Callable[[Store], Scene]) -> Scene:
    return scene_on(store)


def test_every_decision_is_scored_once_by_the_challenger_and_none_is_changed(scene: Scene) -> None:
    scene.start()
    records = [scene.decide(number) for number in range(30)]
    scene.record(*records[:20])
    scorer = scene.scorer()
    scene.seal()
    first = scorer(scene.noon)
    scene.record(*records[20:])
    scene.seal()

    second, again = scorer(scene.noon), scorer(scene.noon)

    assert (first, second, again) == (20, 10, 0)
    pairs = scene.pairs()
    challenger = registry.load(scene.directory, "m-2", catalogue=CATALOGUE).scorer
    assert [pair.judged.assessment_id for pair in pairs] == [each.assessment.id for each in records]
    assert [pair.score for pair in pairs] == [
        challenger.score(np.frombuffer(each.assessment.vector, "<f4")).probability for each in records
    ]
    assert [pair.judged.score for pair in pairs] == [each.assessment.score for each in records]
    assert {pair.judged.model.version for pair in pairs} == {"m-1"}


def test_what_was_decided_before_the_shadow_is_not_scored(scene: Scene) -> None:
    scene.record(scene.decide(1))
    scene.seal()
    scene.start()
    scene.record(scene.decide(2))
    scene.seal()

    assert scene.score() == 1


def test_a_commit_that_comes_late_is_not_missed(
    postgresql_url: str,
    open_store: Callable[..., SqlStore],
    raw: Callable[[str], Any],
    scene_on: Callable[[Store], Scene],
) -> None:
    """The earlier sign-up has the smaller numbers, and its transaction ends after the later one was scored."""
    scene = scene_on(open_store(postgresql_url))
    scene.start()
    scorer = scene.scorer()
    early, late = scene.decide(1), scene.decide(2)
    going, gone = threading.Event(), threading.Event()
    written = appends.write

    def write_slowly(connection: Any, append: Any) -> None:
        written(connection, append)
        going.set()
        assert gone.wait(30)

    def commit_early() -> None:
        with scene.store.begin() as work:
            work.ledger.append(early)
            work.audit.add(early.audit)  # a second write makes it a transaction of several statements
            work.commit()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(appends, "write", write_slowly)
        slow = threading.Thread(target=commit_early)
        slow.start()
        assert going.wait(30)
    scene.record(late)
    scene.seal()
    before = scorer(scene.noon)
    gone.set()
    slow.join(30)
    scene.seal()

    after = scorer(scene.noon)

    with raw(postgresql_url) as connection:
        numbers = connection.execute(text("SELECT signup_id FROM signups ORDER BY signup_no")).scalars().all()
    assert numbers == ["su_1", "su_2"]
    assert before + after == 2
    assert [pair.judged.signup_id for pair in scene.pairs()] == ["su_1", "su_2"]


def test_two_workers_at_once_score_nothing_twice(sql_store: SqlStore, scene_on: Callable[[Store], Scene]) -> None:
    scene = scene_on(sql_store)
    scene.start()
    scene.record(*(scene.decide(number) for number in range(40)))
    scene.seal()
    counts: list[int] = []
    workers = [threading.Thread(target=lambda: counts.append(scene.score())) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(60)

    scene.score()

    assert len(counts) == 4
    assert len(scene.pairs()) == 40


def test_a_version_is_in_one_shadow_at_a_time_and_can_be_stopped_and_started_again(scene: Scene) -> None:
    scene.start()
    with pytest.raises(ConflictError, match="in the shadow already"):
        scene.start()
    scene.stop()
    scene.record(scene.decide(1))
    scene.seal()
    stopped = scene.score()
    with pytest.raises(NotFoundError):
        scene.stop()

    scene.start()

    with scene.store.begin() as work:
        assert [each.model.version for each in work.shadows.running()] == ["m-2"]
        actions = [each.action for each in work.audit.entries(subject="m-2")]
    assert stopped == 0
    assert actions == ["model.shadow_started", "model.shadow_stopped", "model.shadow_started"]


def test_a_model_that_is_not_there_goes_into_no_shadow(scene: Scene) -> None:
    with pytest.raises(UnknownModelError):
        scene.start("m-9")


def test_a_damaged_challenger_scores_nothing_and_stops_nobody(scene: Scene) -> None:
    scene.start("m-2")
    scene.start("m-1")
    (scene.directory / "m-2" / "model.ubj").write_bytes(b"nothing")
    scene.record(scene.decide(1))
    scene.seal()

    assert scene.score() == 1
    assert not scene.pairs("m-2")


@pytest.mark.parametrize(
    ("decided", "score", "other", "would"),
    [
        ("allow", 0.01, 0.9, "review"),
        ("review", 0.9, 0.01, "allow"),
        ("review", 0.01, 0.01, "review"),
        ("step_up", 0.01, 0.9, "review"),
        ("allow", 0.9, 0.9, "allow"),
        ("step_up", None, 0.01, "allow"),
    ],
)
def test_rules_weigh_as_they_did(
    decided: str,
    score: float | None,
    other: float,
    would: str,
    policy: Policy,
    scene_on: Callable[[Store], Scene],
) -> None:
    scene = scene_on(MemoryStore())
    scene.record(scene.decide(1, decision=Decision(decided), score=score, model=None))
    day = timedelta(days=1)
    with scene.store.begin() as work:
        (judged,) = work.judgements.sample(recorded_from=scene.noon, recorded_before=scene.noon + day, most=10)

    assert would_decide(policy, judged, other) is Decision(would)


def test_the_comparison_counts_moved_decisions_and_uses_outcomes_once_there_are_enough(
    scene_on: Callable[[Store], Scene],
) -> None:
    scene = scene_on(MemoryStore())
    scene.start()
    records = [scene.decide(number) for number in range(900)]
    scene.record(*records)
    scene.seal()
    scene.score()
    labels = {
        each.signup.signup_id: int(np.frombuffer(each.assessment.vector, "<f4")[:2] @ np.array([2, 1]) > 2.5)
        for each in records
    }

    early = Compare(scene.store.begin)("m-2", now=scene.noon, said=said_by_name(dict(list(labels.items())[:50])))
    late = Compare(scene.store.begin)("m-2", now=scene.noon, said=said_by_name(labels))

    same = [pair.judged.decision is pair.decision for pair in scene.pairs()]
    assert early.rows == late.rows == 900
    assert early.agreed == pytest.approx(np.mean(same))
    assert early.low < early.agreed < early.high
    assert sum(early.moved.values()) == 900 - sum(same)
    assert early.judged == ()
    recall = late.judged[0]
    assert recall.name.startswith("recall at")
    assert recall.low <= recall.change <= recall.high
    assert recall.champion > 0.5
