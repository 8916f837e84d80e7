"""Whatever was contained, learnt, cut and released, in whatever order: once nothing is held, nobody is kept out."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import pytest

from service.domain.caller import Caller
from service.domain.cluster import cluster_id, cluster_number
from service.domain.containment import ContainmentState
from service.domain.decision import Decision
from service.domain.errors import ConflictError, NotFoundError
from service.usecases.learn_identifiers import Learnt, LearntKind
from service.usecases.look_again import look_again

LEA = "reviewer:lea"
OWNERS = ("campus", "elsewhere")
STEPS = 24


class Town:
    """People who share a few devices and cards, and somebody who contains and releases as chance has it."""

    def __init__(self, gate: Any, seed: int) -> None:
        self.gate = gate
        self.chance = random.Random(seed)
        self.people: list[Any] = []
        self.owner_of: dict[str, str] = {}

    def recorded(self, view: Any) -> Any:
        return self.gate.read(lambda work: work.ledger.get(None, view.id))

    def cluster(self, view: Any) -> str:
        number = self.recorded(view).signup_no
        return cluster_id(self.gate.read(lambda work: work.clusters.cluster_of(number)))

    def is_kept_out(self, view: Any) -> bool:
        """Whether somebody was denied or asked for touching what was held, and would be judged milder today."""
        recorded = self.recorded(view)
        last = recorded.assessments[-1]
        if last.decision is Decision.ALLOW or not last.linkage.get("cluster", {}).get("contained"):
            return False
        today = self.gate.read(lambda work: look_again(work, self.gate.judge, recorded, now=self.gate.now))
        return bool(today.decision.severity < last.decision.severity)

    def comes(self) -> None:
        owner = self.chance.choice(OWNERS)
        view = self.gate.came(owner=owner, device=f"d{self.chance.randrange(3)}", card=f"c{self.chance.randrange(3)}")
        self.people.append(view)
        self.owner_of[view.id] = owner

    def learns(self) -> None:
        view = self.chance.choice(self.people)
        kind, letter = self.chance.choice(((LearntKind.DEVICE_ID, "d"), (LearntKind.PAYMENT_FINGERPRINT, "c")))
        caller = Caller(self.owner_of[view.id], "k", frozenset())
        learnt = [Learnt(kind, f"{letter}{self.chance.randrange(3)}")]
        self.gate.clusters.learn(view.id, learnt, caller=caller, now=self.gate.now)

    def contains(self) -> None:
        owner = self.chance.choice((*OWNERS, None))
        cluster, whole = self.cluster(self.chance.choice(self.people)), self.chance.random() < 0.7
        asked = {"owner": owner, "by": LEA, "reason": "ring", "now": self.gate.now, "whole": whole}
        self.gate.clusters.contain.contain(cluster, **asked)

    def releases(self) -> None:
        owner = self.chance.choice((*OWNERS, None))
        self.release(self.cluster(self.chance.choice(self.people)), owner)

    def release(self, cluster: str, owner: str | None) -> None:
        self.gate.clusters.contain.release(cluster, owner=owner, by=LEA, reason="mistake", now=self.gate.now)

    def cuts(self) -> None:
        cluster = self.cluster(self.chance.choice(self.people))
        links = self.gate.clusters.read(cluster, owner=None).links
        handles = [each.handle for each in links if each.kind in {"device", "payment"}]
        handle = self.chance.choice(handles or ["nothing is shared"])
        act = self.gate.clusters.cut if self.chance.random() < 0.6 else self.gate.clusters.cut.undo
        act(cluster, handle, owner=None, by=LEA, reason="shared", now=self.gate.now)

    def works(self) -> None:
        self.gate.carry_out(self.gate.now)

    def lives(self) -> None:
        for _ in range(4):
            self.comes()
        acts = (self.comes, self.comes, self.learns, self.contains, self.contains, self.cuts, self.releases, self.works)
        for _ in range(STEPS):
            self.gate.later(seconds=1)
            with contextlib.suppress(ConflictError, NotFoundError):
                self.chance.choice(acts)()

    def releases_everything(self) -> None:
        for view in self.people:
            self.gate.later(seconds=1)
            with contextlib.suppress(ConflictError):
                self.release(self.cluster(view), None)
        for _ in range(3):
            self.gate.later(seconds=1)
            self.works()


def _lived(gate: Any, seed: int) -> None:
    town = Town(gate, seed)
    town.lives()
    town.releases_everything()

    def look(work: Any) -> set[ContainmentState]:
        return {
            each.state
            for view in town.people
            for each in work.containments.touching(cluster_number(town.cluster(view)))
        }

    assert gate.read(look) <= {ContainmentState.RELEASED}
    assert gate.read(lambda work: work.containments.tasks(limit=1)) == ()
    assert [view.signup_id for view in town.people if town.is_kept_out(view)] == []


@pytest.mark.parametrize("seed", range(40))
def test_nobody_is_kept_out_by_what_was_released(memory_gate: Any, seed: int) -> None:
    _lived(memory_gate, seed)


@pytest.mark.parametrize("seed", range(4))
def test_nobody_is_kept_out_by_what_was_released_from_a_database(sql_gate: Any, seed: int) -> None:
    _lived(sql_gate, seed)
