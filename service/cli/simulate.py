"""``gatehouse simulate``: write a simulated stream of sign-ups, and the truth about them beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from models.simulation.files import truth_path, write_signups
from models.simulation.world import simulate as simulated_world
from service.cli.context import console
from service.cli.progress import progress

# A fixed first day: the same seed gives the same bytes whenever it is run. Mid-August, so that two months hold
# the start of term in the northern hemisphere.
START = "2026-08-17"


@click.command()
@click.option("--days", type=click.FloatRange(min=0, min_open=True, max=1000), required=True, help="Simulated days.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help="FILE.jsonl or FILE.jsonl.zst; the truth is written beside it as FILE.truth.jsonl[.zst].",
)
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), default=START, show_default=True, help="The first day.")
@click.option("--honest-per-day", type=click.FloatRange(min=0), default=3000, show_default=True)
@click.option("--prevalence", type=click.FloatRange(0, 1, max_open=True), default=0.05, show_default=True)
@click.option("--hydra", type=click.IntRange(min=1), help="Add one hydra that grows to so many live accounts.")
def simulate(
    *, days: float, seed: int, out: Path, start: datetime, honest_per_day: float, prevalence: float, hydra: int | None
) -> None:
    """Write a simulated stream of sign-ups exactly as the API takes them, and a separate truth file."""
    try:
        truth = truth_path(out)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with progress(console()) as report:
        written = write_signups(
            out,
            simulated_world(
                days=days,
                seed=seed,
                start=start.replace(tzinfo=UTC),
                honest_per_day=honest_per_day,
                prevalence=prevalence,
                hydra_live_accounts=hydra,
                progress=lambda done, total: report("simulating sign-ups", done, total),
            ),
        )
    click.echo(f"{written:,} sign-ups in {out}, the truth about them in {truth}")
