"""The overview, and what decides: policy and models, to read."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from flask import request
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

    def policy(self) -> AnyResponse:
        """Every version, the document in force, and what one version changed."""
        with self.deps.begin() as work:
            versions = list(reversed(work.policies.all()))
        wanted = request.args.get("version", "")
        in_force = self.deps.policy().version
        shown = next((each for each in versions if str(each.version) == wanted), None)
        shown = shown or next((each for each in versions if each.version == in_force), None)
        before = next((each for each in versions if shown is not None and each.version == shown.version - 1), None)
        changes = (
            []
            if shown is None or before is None
            else list(
                difflib.unified_diff(before.document.splitlines(), shown.document.splitlines(), lineterm="", n=2)
            )[2:]
        )
        return page(
            "policy.html",
            now=self.deps.clock(),
            versions=versions,
            in_force=in_force,
            shown=shown,
            changes=changes,
            document=self.deps.policy().document,
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
