"""``gatehouse policy advise``: score lines that cost least, from recorded outcomes."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from service.cli.advice_report import write_advice
from service.cli.context import console, settings_here, store_of
from service.cli.outcome_files import outcomes_of
from service.cli.progress import progress
from service.usecases.advise import Advise, AdvisedLines, Costs
from service.usecases.policy_versions import policy_of
from service.usecases.ports_decisions import Period

_COSTS = Costs()
_COST = click.FloatRange(min=0, min_open=True)


@click.command()
@click.option("--outcomes", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Decisions from that day on; all unless given.")
@click.option("--fraud-admitted", type=_COST, default=_COSTS.fraud_admitted, show_default=True)
@click.option("--honest-stepped-up", type=_COST, default=_COSTS.honest_stepped_up, show_default=True)
@click.option("--reviewer-minute", type=_COST, default=_COSTS.reviewer_minute, show_default=True)
@click.option("--minutes-a-review", type=_COST, default=_COSTS.minutes_a_review, show_default=True)
@click.option("--fraud-passes", type=click.FloatRange(0, 1), default=_COSTS.fraud_passes, show_default=True)
@click.option("--reviews-a-day", type=click.FloatRange(min=0), help="The policy's capacity unless given.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the trade-off curve as a page.")
def advise(
    *, outcomes: Path, since: datetime | None, reviews_a_day: float | None, report: Path | None, **costs: float
) -> None:
    """Propose score lines from recorded scores, what became known of them, and what mistakes and work cost."""
    store = store_of(settings_here())
    with store.begin() as work:
        document = policy_of(work.policies.active()).document
    capacity = reviews_a_day if reviews_a_day is not None else document.capacity.reviews_a_day
    lines = {kind: (each.step_up, each.review) for kind, each in document.thresholds.items()}
    with progress(console()) as shown:
        advised = Advise(store.begin, outcomes_of(outcomes))(
            Costs(reviews_a_day=capacity, **costs),
            Period(since=None if since is None else since.replace(tzinfo=UTC)),
            lines=lines,
            progress=shown,
        )
    Console(width=None if sys.stdout.isatty() else 100).print(_table(advised))
    for each in advised:
        if each.problem is not None:
            click.echo(f"{each.account_type.value}: no advice, {each.problem}")
    if report is not None:
        write_advice(report, advised)
        click.echo(f"the report is {report}")


def _table(advised: tuple[AdvisedLines, ...]) -> Table:
    table = Table(title="Lines that cost least")
    table.add_column("account type")
    for heading in ("known", "step_up", "review", "honest asked", "fraud let in", "reviews/day", "cost/1,000", "now"):
        table.add_column(heading, justify="right")
    for each in advised:
        if each.step_up is None or each.review is None:
            continue
        point = next(point for point in each.curve if point.step_up == each.step_up)
        table.add_row(
            each.account_type.value,
            f"{each.known_fraud:,} + {each.known_honest:,}",
            f"{each.step_up:.3f}",
            f"{each.review:.3f}",
            f"{point.honest_asked:.2%}",
            f"{point.fraud_admitted:.2%}",
            f"{each.reviews_a_day or 0:.1f}",
            f"{each.cost_per_1000 or 0:,.0f}",
            f"{each.cost_per_1000_now or 0:,.0f}",
        )
    return table
