"""The overview: what has been decided, by what, and how well it holds."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.wrappers import Response as AnyResponse

from service.console.dependencies import ConsoleDependencies
from service.console.figures import Stack, stacked_bars
from service.console.pages import page
from service.domain.decision import Decision
from service.usecases.overview import ReadOverview


@dataclass(frozen=True, slots=True)
class OverviewPages:
    """Figures for people."""

    deps: ConsoleDependencies

    def overview(self) -> AnyResponse:
        """Charts, and the same numbers as tables."""
        now = self.deps.clock()
        told = ReadOverview(self.deps.begin)(self.deps.policy().document.review, now=now)
        stacks = [
            Stack(day.strftime("%d %b"), tuple((kind.value, counts.get(kind, 0)) for kind in Decision))
            for day, counts in told.days
        ]
        return page(
            "overview.html",
            now=now,
            told=told,
            decisions=list(Decision),
            chart=stacked_bars(stacks, label="Decisions by day, by kind; the table below holds the numbers"),
        )
