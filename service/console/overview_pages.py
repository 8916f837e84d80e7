"""The overview, and what decides: policy and models, to read."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.wrappers import Response as AnyResponse

from models.registry import RegistryError, active, list_cards
from service.console.dependencies import ConsoleDependencies
from service.console.figures import Stack, stacked_bars
from service.console.pages import page
from service.domain.decision import Decision
from service.usecases.overview import ReadOverview


@dataclass(frozen=True, slots=True)
class OverviewPages:
    """What has been decided, and by what."""

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

    def models(self) -> AnyResponse:
        """The registry's models, and the card of the one that scores."""
        loaded = self.deps.model()
        try:
            cards = list(list_cards(self.deps.model_dir))
            current = active(self.deps.model_dir).version
        except (RegistryError, OSError):
            cards, current = [], None
        return page(
            "models.html",
            now=self.deps.clock(),
            loaded=None if loaded is None else loaded.card,
            cards=cards,
            current=current,
        )
