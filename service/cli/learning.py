"""``gatehouse model train``, ``evaluate`` and ``sweep``: learning from data and judging what was learnt.

Long, because the commands take the same sources of sign-ups and the same options, which stand here once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from models import registry
from models.features.catalogue import FEATURES
from models.features.feature import Group
from models.registry import LoadedModel
from models.training.dataset import DatasetError
from service.cli.context import console, reference_of, settings_here
from service.cli.policy import policy_of_file
from service.cli.progress import progress
from service.config import Settings
from service.domain.policy import Policy
from service.domain.policy_sections.learning import SourceSection
from service.usecases.known_labels import CONTAINMENT, PROOF

if TYPE_CHECKING:
    from models.evaluation.lines import ScoreLines
    from models.training.fit import Engine
    from models.training.guards import SourceRules
    from models.training.pipeline import Training
    from models.training.train import TrainedModel

CATALOGUE = [feature.name for feature in FEATURES]
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
DIRECTORY = click.Path(file_okay=False, path_type=Path)
BASELINE = registry.BASELINE
DAY = click.DateTime(["%Y-%m-%d"])
RIPENING = click.FloatRange(min=0.0, max=400.0)
FILE_OR_DIRECTORY = click.Path(exists=True, path_type=Path)

_T = TypeVar("_T")
_Function = TypeVar("_Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class TableOptions:
    """Which columns of a feature table are what."""

    table: Path | None
    label: str | None
    time: str | None
    entities: tuple[str, ...]
    slices: tuple[str, ...]
    ignore: tuple[str, ...]

    def named(self) -> dict[str, Any]:
        """As the pipelines take them.

        Raises:
            click.UsageError: one is missing.
        """
        return {
            "table": _given("--signups, --from-decisions, --vectors, --dataset or --table", self.table),
            "label": _given("--label", self.label),
            "time": _given("--time", self.time),
            "entities": self.entities,
            "slices": self.slices,
            "ignore": self.ignore,
        }


def _signups_options(function: _Function) -> _Function:
    options = (
        click.option("--signups", type=FILE, help="Sign-ups as `simulate` writes them; the truth lies beside it."),
        click.option("--cache", type=DIRECTORY, help="Keep replayed data sets there; the next command reads them."),
        click.option(
            "--dataset", type=FILE_OR_DIRECTORY, help="A kept data set (--dataset-out), file or folder, instead."
        ),
        click.option("--policy", "policy_file", type=FILE, help="Whose score lines decide; the shipped policy's."),
    )
    return _with(options, function)


def _table_options(function: _Function) -> _Function:
    options = (
        click.option("--table", type=FILE, help="Any feature table, as Parquet, in place of --signups."),
        click.option("--label", help="With --table: the column that is 1 for fraud, 0 for legitimate."),
        click.option("--time", help="With --table: the column with the time of each row."),
        click.option(
            "--entity", "entities", multiple=True, help="With --table: rows that share a value stay together."
        ),
        click.option("--slice", "slices", multiple=True, help="With --table: a column to report by."),
        click.option("--ignore", multiple=True, help="With --table: a column that is no feature."),
    )
    return _with(options, function)


def _engine_options(function: _Function) -> _Function:
    options = (
        click.option("--engine", type=click.Choice(["here", "dask"]), default="here", show_default=True),
        click.option("--scheduler", help="With --engine dask: where the cluster's scheduler listens, as HOST:PORT."),
    )
    return _with(options, function)


def _with(options: Sequence[Callable[[Any], Any]], function: _Function) -> _Function:
    for option in reversed(options):
        function = option(function)
    return function


@click.command()
@_signups_options
@click.option(
    "--judged-on",
    type=FILE_OR_DIRECTORY,
    multiple=True,
    help="Another world for the card's figures, sign-ups or a kept data set; may be repeated.",
)
@click.option("--hold-out", multiple=True, help="A family or kind not to learn from; may be repeated.")
@click.option("--hold-out-nothing", is_flag=True, help="Learn from every family and kind.")
@click.option("--vectors", type=FILE, help="Recorded decisions, from `signups export`, in place of --signups.")
@click.option("--outcomes", type=FILE, help="With --vectors: JSON lines of signup_id, label and known_at.")
@click.option("--from-decisions", is_flag=True, help="Learn from the decisions and outcomes in the database.")
@click.option("--until", type=DAY, help="With decisions: what was decided and became known before that day.")
@click.option(
    "--ripen-days", type=RIPENING, default=45.0, show_default=True, help="With decisions: how old they must be."
)
@click.option("--release", "released", multiple=True, help="With decisions: a flood of labels that a person looked at.")
@click.option("--keep-harmful", is_flag=True, help="With decisions: keep sources that spoil what others say.")
@click.option("--only-said", is_flag=True, help="With decisions: silence proves nothing; only outcomes count.")
@_table_options
@_engine_options
@click.option(
    "--without",
    multiple=True,
    type=click.Choice([group.value for group in Group]),
    help="Leave a group of features out, to see what it brings.",
)
@click.option("--search-minutes", type=click.FloatRange(min=0, min_open=True), help="Look for better settings first.")
@click.option(
    "--fraud-found",
    type=click.FloatRange(0.5, 1),
    default=1.0,
    show_default=True,
    help="The share of fraud that is ever reported, as your audits show; the rest hides among the legitimate.",
)
@click.option("--version", help="The model's name; made from the time and the digest unless given.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--dataset-out",
    type=click.Path(path_type=Path),
    help="Keep the data set, as Parquet: a file ending in .parquet, or else a new folder of files.",
)
@click.option("--report", type=NEW_FILE, help="Write report.html, one self-contained page.")
@click.option("--out", type=DIRECTORY, help="Where to save it; the registry unless given.")
def train(
    *,
    version: str | None,
    seed: int,
    fraud_found: float,
    engine: str,
    scheduler: str | None,
    without: tuple[str, ...],
    search_minutes: float | None,
    policy_file: Path | None,
    report: Path | None,
    out: Path | None,
    **data: Any,
) -> None:
    """Train a model on sign-ups, recorded decisions, a kept data set or a feature table; save it, not yet active."""
    from models.evaluation.report import write_report  # noqa: PLC0415 - a second of imports
    from models.training.pipeline import Training  # noqa: PLC0415
    from models.training.train import TrainSettings  # noqa: PLC0415

    settings = settings_here()
    with refusing_bad_data(), progress(console()) as shown:
        training = Training(
            created=datetime.now(UTC),
            settings=TrainSettings(seed=seed, fraud_found=fraud_found),
            version=version,
            lines=policy_lines(policy_file),
            engine=_engine(engine, scheduler, folder=data["dataset"]),
            search_minutes=search_minutes,
            without=without,
            progress=shown,
        )
        trained = _trained(training, settings, policy_file=policy_file, **data)
        place = trained.save(out or settings.model_dir)
        if report is not None and trained.evaluation is not None:
            write_report(report, trained.evaluation, trained.card)
    for line in trained.lines():
        click.echo(line)
    click.echo(f"saved in {place}")
    if report is not None:
        click.echo(f"the report is {report}" if trained.evaluation else "no report: there was nothing to judge on")
    if out is None:
        click.echo(f"`gatehouse model promote {trained.card.version} --on DATA` makes it score if its gates hold")


def _trained(
    training: Training,
    settings: Settings,
    *,
    policy_file: Path | None,
    signups: Path | None,
    cache: Path | None,
    judged_on: tuple[Path, ...],
    hold_out: tuple[str, ...],
    hold_out_nothing: bool,
    vectors: Path | None,
    outcomes: Path | None,
    until: datetime | None,
    released: tuple[str, ...],
    keep_harmful: bool,
    only_said: bool,
    from_decisions: bool,
    ripen_days: float,
    dataset: Path | None,
    dataset_out: Path | None,
    **table: Any,
) -> TrainedModel:
    from models.training.labelled import LabelChoice  # noqa: PLC0415
    from models.training.pipeline import (  # noqa: PLC0415
        train_from_dataset,
        train_from_files,
        train_from_recorded,
        train_from_table,
    )
    from models.training.replayed import DEFAULT_HOLD_OUT, JUDGING, ReplaySettings  # noqa: PLC0415

    options = TableOptions(**table)
    _one_source(signups, vectors, dataset, options.table, Path("decisions") if from_decisions else None)
    if dataset_out is not None and signups is None and vectors is None and not from_decisions:
        raise click.UsageError("--dataset-out goes with sign-ups or decisions: the rest is a table already")
    if dataset is not None:
        return train_from_dataset(
            training,
            dataset=dataset,
            reference=reference_of(settings),
            hold_out=() if hold_out_nothing else hold_out or None,
            judged_on=judged_on,
            cache=cache,
        )
    if vectors is not None:
        return train_from_recorded(
            training,
            vectors=vectors,
            outcomes=_given("--outcomes", outcomes),
            choice=LabelChoice(
                known_by=until.replace(tzinfo=UTC) if until else training.created,
                rules=source_rules(policy_of_file(policy_file)),
                released=released,
                survivors_count=not only_said,
                ripening=timedelta(days=ripen_days),
                leave_out_harmful=not keep_harmful,
            ),
            dataset_out=dataset_out,
            told=lambda line: click.echo(line, err=True),
        )
    if from_decisions:
        from service.cli.decisions import train_from_decisions  # noqa: PLC0415 - loads the whole service

        return train_from_decisions(
            training,
            settings,
            policy_file=policy_file,
            known_by=until.replace(tzinfo=UTC) if until else training.created,
            choose=lambda choice: replace(
                choice,
                released=released,
                survivors_count=not only_said,
                ripening=timedelta(days=ripen_days),
                leave_out_harmful=not keep_harmful,
            ),
            dataset_out=dataset_out,
        )
    if signups is None:
        return train_from_table(training, **options.named())
    held_out = () if hold_out_nothing else hold_out or DEFAULT_HOLD_OUT
    probed = 0.0 if judged_on else JUDGING.probe_share
    return train_from_files(
        training,
        signups=signups,
        reference=reference_of(settings),
        replay_settings=ReplaySettings(hold_out=held_out, probe_share=probed),
        judged_on=judged_on,
        cache=cache,
        dataset_out=dataset_out,
    )


@click.command()
@_signups_options
@_table_options
@click.option(
    "--model", "version", help="The version to judge; the active one unless given, `baseline` for the shipped one."
)
@click.option("--report", type=NEW_FILE, help="Write report.html, one self-contained page.")
@click.option(
    "--rehearsal", type=FILE, help="With --signups and --report: what `rehearse --out` wrote, for the report."
)
@click.option("--seed", type=int, default=1, show_default=True)
def evaluate(
    *,
    signups: Path | None,
    cache: Path | None,
    dataset: Path | None,
    policy_file: Path | None,
    version: str | None,
    report: Path | None,
    rehearsal: Path | None,
    seed: int,
    **table: Any,
) -> None:
    """Judge a model on simulated sign-ups, a kept data set or a feature table."""
    from models.evaluation.pipeline import evaluate as evaluate_files  # noqa: PLC0415 - a second of imports
    from models.evaluation.pipeline import evaluate_dataset, evaluate_table  # noqa: PLC0415
    from models.evaluation.rehearsed import read_rehearsal  # noqa: PLC0415

    settings = settings_here()
    if rehearsal is not None and (signups is None or report is None):
        raise click.UsageError("--rehearsal goes with --signups and --report")
    load, options = _loader(settings, version), TableOptions(**table)
    _one_source(signups, dataset, options.table)
    with refusing_bad_data(), progress(console()) as shown:
        lines = policy_lines(policy_file)
        if signups is not None:
            evaluation = evaluate_files(
                load=load,
                signups=signups,
                reference=reference_of(settings),
                report=report,
                seed=seed,
                lines=lines,
                cache=cache,
                attacks=None if rehearsal is None else read_rehearsal(rehearsal),
                progress=shown,
            )
        elif dataset is not None:
            evaluation = evaluate_dataset(
                load=load, dataset=dataset, report=report, seed=seed, lines=lines, progress=shown
            )
        else:
            evaluation = evaluate_table(
                load=load, report=report, seed=seed, lines=lines, progress=shown, **options.named()
            )
    for line in evaluation.lines():
        click.echo(line)
    if report is not None:
        click.echo(f"the report is {report}")


@click.command()
@click.option("--signups", type=FILE, required=True, help="Sign-ups as `simulate` writes them.")
@click.option("--family", "only", multiple=True, help="Only this family; may be repeated. All of them unless given.")
@click.option("--judged-on", type=FILE, help="Another world to judge on; the last slice of the same unless given.")
@click.option("--cache", type=DIRECTORY, help="Keep replayed data sets there; the next command reads them.")
@_engine_options
@click.option("--seed", type=int, default=1, show_default=True)
def sweep(
    *,
    signups: Path,
    only: tuple[str, ...],
    judged_on: Path | None,
    cache: Path | None,
    engine: str,
    scheduler: str | None,
    seed: int,
) -> None:
    """Leave each attack family out of training in turn, and say how well it is found by a model that never saw it."""
    from models.training.pipeline import sweep_files  # noqa: PLC0415 - a second of imports
    from models.training.train import TrainSettings  # noqa: PLC0415

    with refusing_bad_data(), progress(console()) as shown:
        found = sweep_files(
            TrainSettings(seed=seed),
            signups=signups,
            only=only,
            judged_on=judged_on,
            reference=reference_of(settings_here()),
            cache=cache,
            engine=_engine(engine, scheduler),
            progress=shown,
        )
    for line in found.lines():
        click.echo(line)


def policy_lines(policy_file: Path | None) -> ScoreLines:
    """The score lines of a policy document, the shipped one by default."""
    return lines_of(policy_of_file(policy_file))


def lines_of(policy: Policy) -> ScoreLines:
    """The score lines of a policy."""
    from models.evaluation.lines import Lines  # noqa: PLC0415 - a second of imports

    return {
        account_type.value: Lines(each.step_up, each.review, each.deny)
        for account_type, each in policy.document.thresholds.items()
    }


def source_rules(policy: Policy) -> SourceRules:
    """How far a policy trusts each source of outcomes: those it names anywhere fully, unless it says otherwise."""
    from models.training.guards import SourceRule, SourceRules  # noqa: PLC0415 - a second of imports

    section = policy.document.learning

    def rule(each: SourceSection) -> SourceRule:
        return SourceRule(each.trust, each.most_a_day, each.vouched_for)

    # What the service says itself, and those whose word the policy ranks.
    known = ("outcomes", CONTAINMENT, PROOF, *policy.document.clusters.outcomes.precedence)
    named = {name: rule(each) for name, each in section.sources.items()}
    return SourceRules({**dict.fromkeys(known, SourceRule()), **named}, rule(section.unknown))


def _engine(engine: str, scheduler: str | None, *, folder: Path | None = None) -> Engine:
    from models.training.fit import fit  # noqa: PLC0415 - a second of imports

    if engine == "here":
        if scheduler is not None:
            raise click.UsageError("--scheduler goes with --engine dask")
        return fit
    from models.training.cluster import ClusterEngine  # noqa: PLC0415 - Dask is wanted here only

    # The workers read a folder of files themselves; anything else is sent to them.
    own = folder if folder is not None and folder.is_dir() else None
    return ClusterEngine(_given("--scheduler", scheduler), own)


def _loader(settings: Settings, version: str | None) -> Callable[[Sequence[str]], LoadedModel]:
    if version is None:
        return lambda names: registry.load_active(settings.model_dir, catalogue=names)
    if version == BASELINE:
        return lambda names: registry.baseline(catalogue=names)
    return lambda names: registry.load(settings.model_dir, version, catalogue=names)


def _one_source(*sources: Path | None) -> None:
    given = [source.name for source in sources if source is not None]
    if len(given) > 1:
        raise click.UsageError(f"give one source of data, not {len(given)} ({', '.join(given)})")


def _given(name: str, value: _T | None) -> _T:
    if value is None:
        raise click.UsageError(f"{name} is needed")
    return value


@contextmanager
def refusing_bad_data() -> Iterator[None]:
    """Data that cannot be used end the command in one line."""
    try:
        yield
    except DatasetError as error:
        raise click.ClickException(str(error)) from error
