"""Doubt: who of a piece would be asked for a proof even if nobody had come before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.features.facts import Facts
from models.linkage.velocity import NO_HISTORY
from models.signals.signals import derive_signals
from service.domain.decision import Decision
from service.usecases.judge import Judge
from service.usecases.ports import UnitOfWork

LOOKED_AT = 200
"""Accounts of a piece that are judged alone, spread over it: of more no more is learnt."""


@dataclass(frozen=True, slots=True)
class DoubtAlone:
    """Judges accounts once more as if each were the first of all.

    What holds a piece together also raises the scores of its members, and a single ban holds everybody who touches it
    for a person. Decisions as they were made would count the same evidence twice, and a laboratory with one mistaken
    ban would be doubted as a whole. What is left here is each account's own.
    """

    judge: Judge

    def __call__(self, work: UnitOfWork, signup_nos: Sequence[int]) -> Mapping[int, bool]:
        """Whether each would be asked or held, by number; without a model nobody can tell, and they are left out."""
        step = max(1, -(-len(signup_nos) // LOOKED_AT))
        found: dict[int, bool] = {}
        for recorded in work.ledger.several(signup_nos[::step]):
            signals = derive_signals(recorded.signup, self.judge.reference)
            facts = Facts(signup=recorded.signup, signals=signals, linkage=NO_HISTORY)
            alone = self.judge(facts, now=recorded.signup.occurred_at)
            if not alone.degraded:
                found[recorded.signup_no] = alone.decision is not Decision.ALLOW
        return found
