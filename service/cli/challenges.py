"""``gatehouse challenges``: what is known of every proof, and what results have made of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from service.cli.context import settings_here, store_of
from service.domain.pass_rates import PassRate, estimate
from service.usecases.estimate_rates import EstimateRates
from service.usecases.in_force import PolicyInForce


@click.group()
def challenges() -> None:
    """Show the pass rates of challenges, and estimate them anew."""


@challenges.command()
@click.option("--now", "at_once", is_flag=True, help="Estimate at once, in place of showing the last estimates.")
def rates(at_once: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Print every pass rate: the policy's start value, the estimate that decisions use, and what it rests on.

    The worker estimates once a day. No estimate leaves the bounds that the policy sets.
    """
    store = store_of(settings_here())
    policy = PolicyInForce(store.begin, time.monotonic)
    estimates = EstimateRates(store.begin, policy)
    try:
        if at_once:
            listed = estimates.now(datetime.now(UTC))
        else:
            with store.begin() as work:
                listed = work.pass_rates.all()
        # Before the first estimate decisions use the table itself, which is an estimate from no results.
        _print(listed or estimate((), policy().document.challenges))
    finally:
        store.dispose()


def _print(listed: Sequence[PassRate]) -> None:
    table = Table(title="Pass rates of challenges")
    for heading in ("method", "whose", "where this dominates"):
        table.add_column(heading)
    for heading in ("start", "in use", "95 % interval", "results"):
        table.add_column(heading, justify="right")
    for each in listed:
        table.add_row(
            each.method.value,
            each.side.value,
            each.group or "(all)",
            f"{each.start:.3f}",
            f"{each.estimate:.3f}",
            f"{each.low:.3f} to {each.high:.3f}",
            f"{each.results:,.1f}",
        )
    Console(width=120).print(table)
