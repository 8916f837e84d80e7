"""``gatehouse model promote`` and ``rollback``: who scores, and who said so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models import registry
from service.cli.bad_data import refusing_bad_data
from service.cli.catalogue import CATALOGUE
from service.cli.context import console, settings_here, store_of
from service.cli.judging import judge_on
from service.cli.judging_data import judging_dataset
from service.cli.learning_policy import policy_lines
from service.cli.option_types import FILE
from service.cli.progress import progress
from service.config import Settings
from service.usecases.promote import Override, Promote, RecordJudgement, RollBack

if TYPE_CHECKING:
    from models.evaluation.gates import Judgement
    from models.kept_judgement import KeptJudgement

ACTOR = "cli"


@click.command()
@click.argument("version")
@click.option("--on", type=FILE, help="What the gates judge on: a kept data set, exported decisions, or a world.")
@click.option("--outcomes", type=FILE, help="With --on DECISIONS: what became known of them, as JSON lines.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="With --outcomes: known before that day.")
@click.option("--policy", "policy_file", type=FILE, help="Whose score lines decide; the shipped policy's.")
@click.option(
    "--judge-only", is_flag=True, help="Ask the gates and keep what they say; promote from the console or API."
)
@click.option("--override", is_flag=True, help="Promote although a gate refuses, or without asking one.")
@click.option("--by", help="With --override: who wants it.")
@click.option("--approved-by", help="With --override: who else agrees.")
@click.option("--reason", help="With --override: why; it goes into the audit record.")
def promote(
    version: str,
    *,
    on: Path | None,
    outcomes: Path | None,
    until: datetime | None,
    policy_file: Path | None,
    judge_only: bool,
    override: bool,
    by: str | None,
    approved_by: str | None,
    reason: str | None,
) -> None:
    """Make a version score, if its gates hold against the champion; running workers notice within seconds."""
    settings = settings_here()
    people = _override(by, approved_by, reason) if override else None
    if judge_only and (on is None or override):
        raise click.UsageError("--judge-only goes with --on, and not with --override")
    if on is None and people is None:
        raise click.UsageError("--on is needed: what shall the gates judge on?")
    kept = None
    if on is not None:
        judgement, kept = judge(settings, version, on, outcomes=outcomes, until=until, policy_file=policy_file)
        for line in judgement.lines():
            click.echo(line)
    store, now = store_of(settings), datetime.now(UTC)
    try:
        if judge_only and kept is not None:
            RecordJudgement(store.begin)(kept, actor=ACTOR, now=now)
            click.echo(f"{version} is judged, not promoted")
            return
        card = Promote(store.begin, settings.model_dir, CATALOGUE)(
            version,
            actor=ACTOR,
            now=now,
            refused_by=None if kept is None else kept.refused_by,
            judged_on=None if kept is None else kept.data,
            against=None if kept is None or people is not None else kept.champion,
            override=people,
        )
    finally:
        store.dispose()
    click.echo(f"{card.version} scores now")


@click.command()
def rollback() -> None:
    """Go back to the model that scored before."""
    settings = settings_here()
    store = store_of(settings)
    try:
        card = RollBack(store.begin, settings.model_dir, CATALOGUE)(actor=ACTOR, now=datetime.now(UTC))
    finally:
        store.dispose()
    click.echo(f"{card.version} scores again")


def judge(
    settings: Settings,
    version: str,
    on: Path,
    *,
    outcomes: Path | None,
    until: datetime | None,
    policy_file: Path | None,
) -> tuple[Judgement, KeptJudgement]:
    """Ask the gates; see ``judge_on``.

    Raises:
        click.ClickException: the data cannot be judged on.
        RegistryError, CardInvalidError: a model cannot be loaded.
    """
    # Before minutes of reading: a damaged model, or one that this release cannot serve, is told at once.
    registry.load(settings.model_dir, version, catalogue=CATALOGUE)
    with refusing_bad_data(), progress(console()) as shown:
        dataset = judging_dataset(settings, on, outcomes=outcomes, until=until, progress=shown)
        return judge_on(settings, version, dataset, lines=policy_lines(policy_file), now=datetime.now(UTC))


def _override(by: str | None, approved_by: str | None, reason: str | None) -> Override:
    if by is None or approved_by is None or reason is None:
        raise click.UsageError("--override needs --by, --approved-by and --reason")
    return Override(by, approved_by, reason)
