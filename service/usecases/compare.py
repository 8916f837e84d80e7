"""Compare: what a challenger in the shadow would have done, beside what was done and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from service.usecases.ports import Begin
from service.usecases.ripeness import Said, label_of
from service.usecases.shadow import pairs_of

if TYPE_CHECKING:
    from models.evaluation.agreement import Agreement


@dataclass(frozen=True, slots=True)
class Compare:
    """Agreement and, where outcomes are known, figures with intervals."""

    begin: Begin

    def __call__(self, version: str, *, now: datetime, said: Said | None = None, rate: float = 0.01) -> Agreement:
        """Compare all that ``version`` scored in the shadow.

        Args:
            version: of the challenger.
            now: the time, which tells what has ripened.
            said: what became known; without it nothing is judged by outcome.
            rate: the false-positive rate at which recall is compared.
        """
        # Here, because every worker that serves would carry the evaluation for a page that is opened once a week.
        from models.evaluation.agreement import DECISIONS, ShadowRows, agreement  # noqa: PLC0415

        place = {name: at for at, name in enumerate(DECISIONS)}
        pairs = list(pairs_of(self.begin, version))
        rows = ShadowRows(
            champion=np.array([np.nan if each.judged.score is None else each.judged.score for each in pairs]),
            challenger=np.array([each.score for each in pairs], np.float64),
            decided=np.array([place[each.judged.decision.value] for each in pairs], np.int8),
            would=np.array([place[each.decision.value] for each in pairs], np.int8),
            labels=np.array(
                [-1 if said is None else label_of(each.judged, said(each.judged), now=now) for each in pairs], np.int8
            ),
        )
        return agreement(rows, rate=rate)
