"""A containment is carried out in batches by workers who may die, be late or be several: nobody is changed twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.config import read_settings
from service.domain.containment import Done, Progress
from service.domain.errors import ConflictError
from service.domain.event import Event, EventType
from service.worker import Worker
from tests.clusters.releasing import release


def test_consequences_are_told_at_random_times_within_the_window(memory_gate: Any) -> None:
    gate = memory_gate
    ring = gate.ring(40, frauds=3)
    gate.work()

    due = [gate.read(lambda work, view=view: work.events.of_subject(view.id))[-1].due_at - gate.now for view in ring]

    assert all(timedelta(0) <= each <= timedelta(hours=24) for each in due)
    assert len(set(due)) == len(ring)
    assert max(due) - min(due) > timedelta(hours=12)


def test_batches_go_on_where_they_stopped(gate: Any) -> None:
    carry_out = replace(gate.carry_out, size=3)
    ring = gate.ring(8, frauds=3)
    gate.judge_clusters(gate.now)

    counts = [carry_out.batch(gate.now) for _ in range(4)]

    assert counts == [3, 3, 2, 0]
    assert gate.decisions(ring) == ["deny"] * 8
    history = gate.read(lambda work: work.ledger.get("campus", ring[0].id)).assessments
    assert len(history) == 2


def test_what_somebody_else_has_done_is_not_done_again_not_even_in_part(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    gate.judge_clusters(gate.now)
    tasks = gate.read(lambda work: work.containments.tasks(limit=8))
    with gate.store.begin() as work:
        work.containments.done([Done(tasks[3], Progress.UNCHANGED)])
        work.commit()

    with gate.store.begin() as work:
        work.containments.done([Done(each, Progress.CHANGED, "before", "made") for each in tasks])
        work.events.add(Event("e", EventType.SIGNUP_CHANGED, "campus", ring[0].id, gate.now, gate.now, {}))
        with pytest.raises(ConflictError):
            work.commit()

    left = gate.read(lambda work: work.containments.tasks(limit=8))
    assert left == tuple(each for each in tasks if each is not tasks[3])
    assert "e" not in {each.id for each in gate.read(lambda work: work.events.of_subject(ring[0].id))}


def test_what_was_released_meanwhile_is_not_carried_out(gate: Any) -> None:
    ring = gate.ring(8, frauds=3)
    gate.judge_clusters(gate.now)
    tasks = gate.read(lambda work: work.containments.tasks(limit=8))
    gate.later(seconds=1)
    release(gate, ring[0])

    with gate.store.begin() as work:
        work.containments.done([Done(each, Progress.CHANGED, "before", "made") for each in tasks])
        with pytest.raises(ConflictError):
            work.commit()

    assert gate.read(lambda work: work.containments.tasks(limit=8)) == ()


def test_a_worker_carries_a_containment_out_in_one_round(
    sql_gate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service import jobs
    from service.usecases import carry_out

    monkeypatch.setattr(jobs, "BATCH", 2)
    monkeypatch.setattr(carry_out, "BATCHES_A_TURN", 1)
    ring = sql_gate.ring(8, frauds=3)
    sql_gate.judge_clusters(sql_gate.now)
    settings = read_settings({"GATEHOUSE_DATA_DIR": str(tmp_path)})

    every = jobs.jobs_of(sql_gate.store, settings, sql_gate.reference)
    done = Worker(every, now=lambda: sql_gate.now).round()

    assert done["contained accounts looked at again"] == 8
    assert sql_gate.decisions(ring) == ["deny"] * 8


def test_two_workers_at_once_change_nobody_twice(gate: Any) -> None:
    ring = gate.ring(12, frauds=3)
    gate.judge_clusters(gate.now)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: gate.carry_out.batch(gate.now), range(2)))
    gate.carry_out(gate.now)

    for view in ring:
        assert len(gate.read(lambda work, view=view: work.ledger.get("campus", view.id)).assessments) == 2
