"""``gatehouse simulate``: write a simulated stream of sign-ups, and the truth about them beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from models.simulation.attackers.hydra import VARIANTS
from models.simulation.attackers.muster import GREAT_HYDRA_REOPENS
from models.simulation.files import truth_path, write_signups
from models.simulation.world import simulate as simulated_world
from service.cli.context import console
from service.cli.progress import progress

# A fixed first day: the same seed gives the same bytes whenever it is run. Mid-August, so that two months hold
# the start of term in the northern hemisphere.
START = "2026-08-17"

# Inside the times that the API accepts, whatever the number of days.
YEARS = range(2001, 2190)


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
@click.option("--hydra", type=click.IntRange(min=1), help="Add one hydra that wants so many live accounts.")
@click.option(
    "--hydra-reopens",
    type=click.FloatRange(min=1, max=20),
    default=GREAT_HYDRA_REOPENS,
    show_default=True,
    help="How many times as many it can pay for: what is banned is replaced.",
)
@click.option("--hydra-variant", type=click.Choice(sorted(set(VARIANTS))), help="How that hydra shares identifiers.")
@click.option("--family", "families", multiple=True, help="Only this attack family, as A5; may be repeated.")
@click.option("--kind", "kinds", multiple=True, help="Only this kind of honest people, as H1; may be repeated.")
@click.option(
    "--tables-seed", type=int, default=1, show_default=True, help="Another one has other schools, vendors, networks."
)
@click.option(
    "--accidental-sharing",
    type=click.FloatRange(0, 1),
    default=0.002,
    show_default=True,
    help="The share of people with a stranger's phone, device id or card.",
)
@click.option("--slow-labels", is_flag=True, help="Fraud is reported after weeks, not days.")
@click.option("--white-box", is_flag=True, help="Operators know the features and fake what is cheap to fake.")
def simulate(
    *,
    days: float,
    seed: int,
    out: Path,
    start: datetime,
    honest_per_day: float,
    prevalence: float,
    hydra: int | None,
    hydra_reopens: float,
    hydra_variant: str | None,
    families: tuple[str, ...],
    kinds: tuple[str, ...],
    tables_seed: int,
    accidental_sharing: float,
    slow_labels: bool,
    white_box: bool,
) -> None:
    """Write a simulated stream of sign-ups exactly as the API takes them, and a separate truth file."""
    try:
        truth = truth_path(out)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if start.year not in YEARS:
        raise click.UsageError(f"--start must be a day from {YEARS.start} to {YEARS.stop - 1}")
    with progress(console()) as report:
        try:
            world = simulated_world(
                days=days,
                seed=seed,
                start=start.replace(tzinfo=UTC),
                honest_per_day=honest_per_day,
                prevalence=prevalence,
                families=families or None,
                kinds=kinds or None,
                hydra_live_accounts=hydra,
                hydra_reopens=hydra_reopens,
                hydra_variant=hydra_variant,
                accidental_sharing=accidental_sharing,
                progress=lambda done, total: report("simulating sign-ups", done, total),
                tables_seed=tables_seed,
                labels="slow" if slow_labels else "ordinary",
                white_box=white_box,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        written = write_signups(out, world)
    click.echo(f"{written:,} sign-ups in {out}, the truth about them in {truth}")
