"""``gatehouse rehearse``: let simulated operators attack the service's own use cases, and say how far they get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import click
from rich.console import Console
from rich.table import Table

from models import registry
from models.evaluation.rehearsed import cell, goal_of
from models.features.catalogue import FEATURES
from models.reference.reference import Reference
from models.registry import LoadedModel
from models.simulation.attackers.muster import GREAT_HYDRA, GREAT_STANDBY
from models.simulation.truth import SimulatedSignup
from models.simulation.world import simulate
from service.cli.collecting import seldom_collected
from service.cli.context import reference_of, settings_here
from service.cli.policy import policy_of_file
from service.domain.ids import uuid7
from service.domain.policy import Policy
from service.rehearsal import Rehearsal, WithoutLinkage
from service.rehearsal_figures import Figures, figures_of
from service.rehearsal_scenarios import SCENARIOS, STANDBY_FALLS_AFTER, WARM_UP_DAYS, Scenario
from service.usecases.judge import Judge

START = datetime(2026, 5, 4, tzinfo=UTC)
"""Outside every start of term."""

WITH, WITHOUT = "with linkage", "without"


@click.command()
@click.option("--seeds", default="701,702,703,704,705", show_default=True, help="The worlds, by commas.")
@click.option(
    "--scenario",
    "names",
    multiple=True,
    type=click.Choice(["all", *(each.name for each in SCENARIOS)]),
    help="Attacks with settings of their own, in place of --live, --per-day, --days, --variant and --accidental.",
)
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
    names: tuple[str, ...],
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
    """Rehearse attacks: operators who see decisions and bans against the service's own use cases, in memory."""
    settings, policy = settings_here(), policy_of_file(policy_file)
    reference = reference_of(settings)
    catalogue = [feature.name for feature in FEATURES]
    linked = registry.load_active(settings.model_dir, catalogue=catalogue)
    if version is not None:
        linked = registry.load(settings.model_dir, version, catalogue=catalogue)
    arms = {WITH: linked}
    if against is not None:
        arms[WITHOUT] = registry.load(settings.model_dir, against, catalogue=catalogue)
    given = Scenario("as given", live, per_day, days, variant, accidental)
    chosen = [each for each in SCENARIOS if each.name in names or "all" in names] or [given]
    found: dict[str, dict[str, list[Figures]]] = {each.name: {arm: [] for arm in arms} for each in chosen}
    # World by world, so that whoever stops it early has something of every attack.
    for seed in [int(each) for each in seeds.split(",")]:
        for scenario in chosen:
            for arm, model in arms.items():
                rehearsal = _rehearsal(scenario, model, policy, reference, linked=arm == WITH, seed=seed)
                with seldom_collected():
                    rehearsal.play(_world(scenario, rehearsal, seed=seed, honest_per_day=honest_per_day))
                figures = figures_of(rehearsal)
                found[scenario.name][arm].append(figures)
                told = f"{figures.unasked_before_containment} of {figures.attempts} unasked before containment"
                click.echo(f"{scenario.name}, world {seed}, {arm}: {told}", err=True)
                if out is not None:
                    out.write_text(json.dumps(_as_document(found), indent=1))
    for scenario in chosen:
        Console().print(_table(scenario, found[scenario.name]))


def _rehearsal(
    scenario: Scenario, model: LoadedModel, policy: Policy, reference: Reference, *, linked: bool, seed: int
) -> Rehearsal:
    kind, chance = Judge if linked else WithoutLinkage, Random(seed)  # noqa: S311 - a simulation's
    judge = kind(
        reference=reference,
        model=lambda: model,
        policy=lambda: policy,
        new_id=lambda now: uuid7(now, chance.getrandbits(74)),
    )
    operator = GREAT_STANDBY if scenario.standby else GREAT_HYDRA
    return Rehearsal(judge, lambda: policy, linked=linked, operator=operator, chance=chance)


def _world(scenario: Scenario, rehearsal: Rehearsal, *, seed: int, honest_per_day: float) -> Iterator[SimulatedSignup]:
    return simulate(
        days=WARM_UP_DAYS + scenario.days,
        seed=seed,
        start=START,
        honest_per_day=honest_per_day,
        prevalence=0.0,
        hydra_live_accounts=scenario.live or None,
        hydra_variant=scenario.variant,
        hydra_per_day=scenario.per_day or None,
        hydra_begins_day=WARM_UP_DAYS,
        standby_accounts=scenario.standby or None,
        standby_period=(WARM_UP_DAYS, WARM_UP_DAYS + STANDBY_FALLS_AFTER),
        accidental_sharing=scenario.accidental,
        feedback=rehearsal.decide,
        takedowns=rehearsal.taken_down,
    )


def _as_document(found: dict[str, dict[str, list[Figures]]]) -> dict[str, dict[str, list[dict[str, object]]]]:
    return {name: {arm: [asdict(each) for each in some] for arm, some in arms.items()} for name, arms in found.items()}


def _table(scenario: Scenario, found: dict[str, list[Figures]]) -> Table:
    table = Table(title=f"{scenario.name}: how far the operator gets (mean, worst in brackets)")
    table.add_column("figure")
    table.add_column("goal", justify="right")
    for arm in found:
        table.add_column(arm, justify="right")
    for name in Figures.__dataclass_fields__:
        unasked = name == "unasked_before_containment" and scenario.unasked_goal is not None
        goal = f"≤ {scenario.unasked_goal}" if unasked else goal_of(name)
        cells = (cell([asdict(each) for each in figures], name) for figures in found.values())
        table.add_row(name.replace("_", " "), goal, *cells)
    return table
