"""Doubt: who of a piece would be asked for a proof even if nobody had come before."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from models.features.facts import Facts
from models.linkage.velocity import NO_HISTORY
from models.signals.signals import derive_signals
from service.domain.decision import Decision
from service.usecases.judge import Judge
from service.usecases.ports import Recorded, UnitOfWork

LOOKED_AT = 200
"""Accounts of a piece that are judged alone, spread over it: of more no more is learnt."""

REMEMBERED_S = 900.0
"""For so long an account is not judged alone again, unless model or policy change: what somebody puts on a list
meanwhile counts a little later. A cluster under attack is judged at every label and every failed proof."""
REMEMBERED = 50_000
"""Accounts that are remembered at most."""

Basis = tuple[str | None, int]
"""The model's digest and the policy's version."""


@dataclass(frozen=True, slots=True)
class _Known:
    doubted: bool
    basis: Basis
    until: float


@dataclass(frozen=True, slots=True)
class DoubtAlone:
    """Judges accounts once more as if each were the first of all.

    What holds a piece together also raises the scores of its members, and a single ban holds everybody who touches it
    for a person. Decisions as they were made would count the same evidence twice, and a laboratory with one mistaken
    ban would be doubted as a whole. What is left here is each account's own.
    """

    judge: Judge
    monotonic: Callable[[], float] = time.monotonic
    _known: dict[int, _Known] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __call__(self, work: UnitOfWork, signup_nos: Sequence[int]) -> Mapping[int, bool]:
        """Whether each would be asked or held, by number; without a model nobody can tell, and they are left out."""
        step = max(1, -(-len(signup_nos) // LOOKED_AT))
        looked_at = signup_nos[::step]
        basis, now = self._basis(), self.monotonic()
        found = {
            number: known.doubted
            for number in looked_at
            if (known := self._known.get(number)) is not None and known.basis == basis and now < known.until
        }
        if len(self._known) > REMEMBERED:
            self._known.clear()
        for recorded in work.ledger.several([number for number in looked_at if number not in found]):
            doubted = self._doubted(recorded)
            if doubted is not None:
                found[recorded.signup_no] = doubted
                self._known[recorded.signup_no] = _Known(doubted, basis, now + REMEMBERED_S)
        return found

    def _doubted(self, recorded: Recorded) -> bool | None:
        signals = derive_signals(recorded.signup, self.judge.reference)
        facts = Facts(signup=recorded.signup, signals=signals, linkage=NO_HISTORY)
        alone = self.judge(facts, now=recorded.signup.occurred_at)
        return None if alone.degraded else alone.decision is not Decision.ALLOW

    def _basis(self) -> Basis:
        model = self.judge.model()
        return None if model is None else model.card.model_sha256, self.judge.policy().version
