"""A gate that draws likenesses of the banned accounts of an operator, who came among honest people."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from service.domain.likeness import LIKE_BANNED
from service.usecases.draw_likeness import DrawLikeness
from service.usecases.record_outcome import record_result
from service.usecases.workers_cases import RecordedCases
from tests.clusters.conftest import START, Gate, policy_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HONEST = 120


def like_the_operator(number: int) -> dict[str, str]:
    """His card range, browser and mail provider; everything else is another's each time."""
    return {"bin": "424242", "agent": FIREFOX, "mail": f"{'abcdefghijklmnopqrstuvwxyz'[number]}na.lee@webmail.example"}


class Drawing:
    """A gate whose model finds everybody harmless, where nothing but likeness looks out for anybody."""

    def __init__(self, gate: Gate, **lines: float) -> None:
        said = {"watch_hours": 0, "likeness_at_once": 0.05, "likeness_back": 0.05, **lines}
        section = "\n".join(f"{name} = {value}" for name, value in said.items())
        gate.policy = policy_of(("[approval]", f"[clusters.after_ban]\n{section}\n\n[approval]"))
        model: Any = SimpleNamespace(
            card=SimpleNamespace(version="harmless", model_sha256="0" * 64),
            scorer=SimpleNamespace(
                score=lambda _: SimpleNamespace(probability=0.01),
                explain=lambda vector: SimpleNamespace(contributions=[0.0] * len(vector)),
            ),
        )
        gate.judge = replace(gate.judge, model=lambda: model)
        gate.assess = replace(gate.assess, judge=gate.judge)
        self.gate = gate
        self.cases = RecordedCases()
        self.draw = DrawLikeness(gate.store.begin, gate.judge, self.cases, gate.telling(3))

    def world(self, *, banned: int = 3) -> list[Any]:
        """Honest people, then accounts of an operator of whom some are banned; those that are not are given back."""
        for _ in range(HONEST):
            self.gate.came()
        own = [self.gate.came(**like_the_operator(number)) for number in range(banned + 2)]
        for view in own[:banned]:
            self.gate.said(view)
        return own[banned:]

    def proof(self, view: Any, *, passed: bool) -> None:
        with self.gate.store.begin() as work:
            record_result(work, self.gate.number(view), passed=passed, at=self.gate.now)
            work.commit()

    def round(self) -> int:
        asked = self.draw(self.gate.now)
        self.gate.later(seconds=6)
        return asked

    def asks(self, number: int) -> bool:
        """Whether another one of the operator is asked for being like the banned."""
        return LIKE_BANNED in self.gate.came(**like_the_operator(number)).assessment.rules

    def clear(self) -> None:
        """The bans turn out to be mistakes."""
        for each in self.gate.read(lambda work: work.likenesses.fallen(since=START, limit=9)):
            fallen: Any = SimpleNamespace(id=self.gate.read(lambda work, no=each: work.clusters.member(no)).id)
            self.gate.said(fallen, "unknown")

    def standing(self) -> Any:
        return self.gate.read(lambda work: work.likenesses.standing(now=self.gate.now))
