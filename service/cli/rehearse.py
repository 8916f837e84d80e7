"""``gatehouse rehearse``: let a simulated hydra attack the service's own use cases, and say how far it gets."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import click
from rich.console import Console
from rich.table import Table

from models import registry
from models.features.catalogue import FEATURES
from models.reference.reference import Reference
from models.registry import LoadedModel
from models.simulation.world import simulate
from service.cli.context import reference_of, settings_here
from service.cli.policy import policy_of_file
from service.domain.ids import uuid7
from service.domain.policy import Policy
from service.rehearsal import Rehearsal, WithoutLinkage
from service.rehearsal_figures import Figures, figures_of
from service.usecases.judge import Judge

START = datetime(2026, 5, 4, tzinfo=UTC)
"""Outside every start of term."""

WARM_UP_DAYS = 8.0
"""Bursts are measured against a week at least."""


@click.command()
@click.option("--seeds", default="501,502,503,504,505", show_default=True, help="The worlds, by commas.")
@click.option(
    "--live", default=2_000, show_default=True, type=click.IntRange(10), help="Accounts the hydra wants open."
)
@click.option("--per-day", default=500.0, show_default=True, type=click.FloatRange(1), help="How many it opens a day.")
@click.option("--honest-per-day", default=300.0, show_default=True, type=click.FloatRange(1))
@click.option("--days", default=5.0, show_default=True, type=click.FloatRange(0.5), help="How long it is watched.")
@click.option("--variant", default="A3-crossed", show_default=True, help="A3-crossed, A3-aligned or A3-aligned-more.")
@click.option("--accidental", default=0.002, show_default=True, type=click.FloatRange(0, 0.2))
@click.option("--model", "version", help="A version of the registry; the active one unless given.")
@click.option("--against", help="A model that knows no linkage, which judges the same worlds without any memory.")
@click.option("--policy", "policy_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures of every world, as JSON."
)
def rehearse(
    *,
    seeds: str,
    live: int,
    per_day: float,
    honest_per_day: float,
    days: float,
    variant: str,
    accidental: float,
    version: str | None,
    against: str | None,
    policy_file: Path | None,
    out: Path | None,
) -> None:
    """Rehearse an attack: a hydra that sees decisions and bans against the service's own use cases, in memory."""
    settings, policy = settings_here(), policy_of_file(policy_file)
    reference = reference_of(settings)
    names = [feature.name for feature in FEATURES]
    arms = {"with linkage": (registry.load_active(settings.model_dir, catalogue=names), True)}
    if version is not None:
        arms["with linkage"] = (registry.load(settings.model_dir, version, catalogue=names), True)
    if against is not None:
        arms["without"] = (registry.load(settings.model_dir, against, catalogue=names), False)
    found: dict[str, list[Figures]] = {arm: [] for arm in arms}
    for seed in [int(each) for each in seeds.split(",")]:
        for arm, (model, linked) in arms.items():
            rehearsal = _rehearsal(model, policy, reference, linked=linked)
            world = simulate(
                days=WARM_UP_DAYS + days,
                seed=seed,
                start=START,
                honest_per_day=honest_per_day,
                prevalence=0.0,
                hydra_live_accounts=live,
                hydra_variant=variant,
                hydra_per_day=per_day,
                hydra_begins_day=WARM_UP_DAYS,
                accidental_sharing=accidental,
                feedback=rehearsal.decide,
                takedowns=rehearsal.taken_down,
            )
            rehearsal.play(world)
            figures = figures_of(rehearsal)
            found[arm].append(figures)
            click.echo(f"world {seed} {arm}: {figures.unasked_before_containment} unasked before containment", err=True)
    if out is not None:
        out.write_text(
            json.dumps({arm: [asdict(each) for each in figures] for arm, figures in found.items()}, indent=1)
        )
    Console().print(_table(found))


def _rehearsal(model: LoadedModel, policy: Policy, reference: Reference, *, linked: bool) -> Rehearsal:
    kind = Judge if linked else WithoutLinkage
    judge = kind(
        reference=reference,
        model=lambda: model,
        policy=lambda: policy,
        new_id=lambda now: uuid7(now, secrets.randbits(74)),
    )
    return Rehearsal(judge, lambda: policy, linked=linked)


def _table(found: dict[str, list[Figures]]) -> Table:
    table = Table(title="How far the hydra gets (mean, worst in brackets)")
    table.add_column("figure")
    for arm in found:
        table.add_column(arm, justify="right")
    for name in Figures.__dataclass_fields__:
        table.add_row(name.replace("_", " "), *(_cell(figures, name) for figures in found.values()))
    return table


def _cell(figures: list[Figures], name: str) -> str:
    values = [value for each in figures if (value := getattr(each, name)) is not None]
    if not values:
        return "-"
    return f"{fmean(values):,.3g} ({max(values):,.3g})"
