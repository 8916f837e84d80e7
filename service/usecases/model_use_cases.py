"""The use cases of models that a page may offer; what needs training data stays with the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from service.usecases.compare import Compare
from service.usecases.ports import Begin
from service.usecases.promote import RollBack
from service.usecases.promote_judged import PromoteJudged
from service.usecases.shadow import StartShadow, StopShadow


@dataclass(frozen=True, slots=True)
class ModelUseCases:
    """Forth on a kept judgement and back again, into the shadow and out of it, what a challenger would have done."""

    directory: Path
    promote: PromoteJudged
    roll_back: RollBack
    start_shadow: StartShadow
    stop_shadow: StopShadow
    compare: Compare

    @classmethod
    def over(cls, begin: Begin, directory: Path, catalogue: Sequence[str]) -> Self:
        """All of them over one registry."""
        return cls(
            directory=directory,
            promote=PromoteJudged(begin, directory, catalogue),
            roll_back=RollBack(begin, directory, catalogue),
            start_shadow=StartShadow(begin, directory, catalogue),
            stop_shadow=StopShadow(begin),
            compare=Compare(begin),
        )
