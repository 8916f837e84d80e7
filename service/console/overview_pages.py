"""The overview: what has been decided, by what, and how well it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from werkzeug.wrappers import Response as AnyResponse

from service.console.dependencies import ConsoleDependencies
from service.console.figures import Stack, stacked_bars
from service.console.overview_figures import method_rows, moved_most
from service.console.pages import page
from service.console.times import span
from service.domain.decision import Decision
from service.usecases.overview import Overview, ReadOverview

LABEL = (
    "Decisions by day, by kind, with the days on which a model or policy first decided; the tables below hold the "
    "numbers"
)


@dataclass(frozen=True, slots=True)
class OverviewPages:
    """Figures for people."""

    deps: ConsoleDependencies

    def overview(self) -> AnyResponse:
        """Charts, and the same numbers as tables."""
        now = self.deps.clock()
        told = ReadOverview(self.deps.begin, self.deps.part_of)(self.deps.policy().document.review, now=now)
        stacks = [
            Stack(day.strftime("%d %b"), tuple((kind.value, counts.get(kind, 0)) for kind in Decision))
            for day, counts in told.days
        ]
        return page(
            "overview.html",
            now=now,
            told=told,
            decisions=list(Decision),
            chart=stacked_bars(stacks, label=LABEL, marks=_marks(told)),
            methods=method_rows(told.challenges, told.pass_rates),
            waited=lambda seconds: "—" if seconds is None else span(timedelta(seconds=seconds)),
            moved=() if told.drift is None else moved_most(told.drift.drift),
        )


def _marks(told: Overview) -> dict[int, str]:
    """By the place of the day, the versions that first decided on it; those of the first day may be older."""
    places = {day: place for place, (day, _) in enumerate(told.days)}
    marks: dict[int, str] = {}
    for day, name in told.versions:
        place = places.get(day)
        if place:
            marks[place] = f"{marks[place]}, {name}" if place in marks else name
    return marks
