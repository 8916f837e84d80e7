"""``gatehouse model retrain``: export, train, evaluate, shadow in one command for cron, and a report to read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models import registry
from models.registry import RegistryError
from models.whole_files import written_whole
from service.cli.bad_data import refusing_bad_data
from service.cli.catalogue import CATALOGUE
from service.cli.context import console, settings_here, store_of
from service.cli.judging import judge_on
from service.cli.learning_policy import lines_of, source_rules
from service.cli.option_types import DAY, FILE, FILE_OR_DIRECTORY, RIPENING
from service.cli.progress import Report, progress
from service.cli.promotion import ACTOR
from service.cli.resumable import Run, the_only_run
from service.cli.verification import kept_dataset
from service.config import Settings
from service.domain.errors import ConflictError
from service.domain.policy import Policy
from service.storage.sql.store import SqlStore
from service.usecases.drift import MeasureDrift
from service.usecases.known_labels import KnownLabels
from service.usecases.promote import RecordJudgement
from service.usecases.shadow import StartShadow

if TYPE_CHECKING:
    from models.training.beside import Beside
    from models.training.train import TrainSettings

RUNS = "retraining"


@click.command()
@click.option("--outcomes", type=FILE, help="JSON lines of what became known, in place of the recorded outcomes.")
@click.option("--until", type=DAY, help="What was decided and became known before that day; all unless given.")
@click.option(
    "--ripen-days", type=RIPENING, default=45.0, show_default=True, help="How old a decision must be to count."
)
@click.option("--release", "released", multiple=True, help="A flood of labels that a person has looked at.")
@click.option("--policy", "policy_file", type=FILE, help="Whose score lines and sources count; the one in force.")
@click.option(
    "--beside",
    type=FILE_OR_DIRECTORY,
    help="A kept data set whose rows the trees also learn from, as the champion's: one's own judge and calibrate.",
)
@click.option("--beside-weight", type=click.FloatRange(0.0, 1.0, min_open=True), help="Of each of its rows.  [0.3]")
@click.option("--version", help="The model's name; made from the time unless given.")
@click.option("--seed", type=int, default=1, show_default=True)
def retrain(
    *,
    outcomes: Path | None,
    until: datetime | None,
    ripen_days: float,
    released: tuple[str, ...],
    policy_file: Path | None,
    beside: Path | None,
    beside_weight: float | None,
    version: str | None,
    seed: int,
) -> None:
    """Export, train, evaluate and put the new model into the shadow: one command for cron, with a report to read.

    It learns from the recorded decisions and outcomes. Killed halfway, it goes on where it was when it is called
    again; two never run at once. Nothing is promoted.
    """
    settings, now = settings_here(), datetime.now(UTC)
    store = store_of(settings)
    try:
        with the_only_run(settings.data_dir / RUNS, now=now) as run, progress(console()) as shown:
            from service.cli.decisions import policy_here  # noqa: PLC0415 - loads the whole service

            steps = _Steps(
                settings,
                store,
                run,
                shown,
                policy_here(store, policy_file),
                known_by=until.replace(tzinfo=UTC) if until else run.began,
                ripening=timedelta(days=ripen_days),
                version=version or f"retrained-{run.name}",
                seed=seed,
                beside=beside,
                beside_weight=beside_weight,
            )
            try:
                with refusing_bad_data():
                    report = steps.all(outcomes, released)
            except click.ClickException:
                run.end()  # the same data would be refused again: the next call reads them anew
                raise
            run.end()
    finally:
        store.dispose()
    click.echo(f"the report is {report}")


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of one run; each may be repeated, and notes what the report tells."""

    settings: Settings
    store: SqlStore
    run: Run
    shown: Report
    policy: Policy
    known_by: datetime
    ripening: timedelta
    version: str
    seed: int
    beside: Path | None
    beside_weight: float | None

    def all(self, outcomes: Path | None, released: tuple[str, ...]) -> Path:
        """Do what is left to do; where the report lies."""
        run = self.run
        exported = run.step("export", lambda: self._export(outcomes))
        labelled = run.step("label", lambda: self._label(released, recorded=outcomes is None))
        trained = run.step("train", lambda: self._train(labelled["sha256"]))
        judged = run.step("evaluate", lambda: self._evaluate(trained["version"], labelled["sha256"]))
        shadow = run.step("shadow", lambda: self._shadow(trained["version"]))
        said = KnownLabels(self.store.begin, lambda: self.policy).said(self.known_by)
        measure = MeasureDrift(self.store.begin, self.settings.model_dir, CATALOGUE)
        moved = list(measure(now=self.known_by, said=said).lines())
        place = run.directory / "report.md"
        with written_whole(place) as beside:
            lines = _report(trained["version"], exported, labelled, trained, judged, shadow, moved)
            beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return place

    def _export(self, outcomes: Path | None) -> dict[str, Any]:
        from service.cli.decisions import exported  # noqa: PLC0415 - loads the whole service
        from service.cli.signups import export_vectors  # noqa: PLC0415

        # What is said meanwhile belongs to the next run: a resumed one must see what the killed one saw.
        directory = self.run.directory
        if outcomes is None:
            found = exported(
                self.settings, self.store, self.policy, directory, known_by=self.known_by, report=self.shown
            )
            return {"lines": list(found.lines)}
        shutil.copyfile(outcomes, directory / "outcomes.jsonl")
        written, skipped = export_vectors(self.settings, self.store, directory / "vectors.parquet", self.shown)
        return {"lines": [f"{written:,} decisions exported", *(f"{n:,} left out: {why}" for why, n in skipped.items())]}

    def _label(self, released: tuple[str, ...], *, recorded: bool) -> dict[str, Any]:
        from models.training.labelled import LabelChoice, labelled_from_recorded  # noqa: PLC0415
        from models.training.labels import read_labels  # noqa: PLC0415
        from models.training.recorded import read_rows  # noqa: PLC0415
        from models.training.stored import write_dataset  # noqa: PLC0415
        from service.cli.decisions import SURVIVOR_WEIGHT  # noqa: PLC0415 - loads the whole service

        began, known_by = self.run.began, self.known_by
        choice = LabelChoice(
            known_by,
            rules=source_rules(self.policy),
            released=released,
            survivor_weight=SURVIVOR_WEIGHT if recorded else 1.0,
            ripening=self.ripening,
        )
        found = labelled_from_recorded(
            read_rows(self.run.directory / "vectors.parquet"),
            read_labels(self.run.directory / "outcomes.jsonl", known_by=known_by),
            choice,
            description=f"the decisions recorded until {min(began, known_by):%Y-%m-%d}, "
            f"outcomes known by {known_by:%Y-%m-%d}",
            settings=self._training(),
            progress=self.shown,
        )
        sha256 = found.dataset.sha256()
        write_dataset(found.dataset, kept_dataset(self.settings, sha256))
        return {"sha256": sha256, "lines": list(found.lines())}

    def _train(self, sha256: str) -> dict[str, Any]:
        from models.evaluation.report import write_report  # noqa: PLC0415 - a second of imports
        from models.training.pipeline import Training  # noqa: PLC0415
        from models.training.stored import read_dataset  # noqa: PLC0415

        version = self.version
        training = Training(
            created=self.run.began,
            settings=self._training(),
            version=version,
            lines=lines_of(self.policy),
            beside=self._beside(),
            progress=self.shown,
        )
        trained = training.on(read_dataset(kept_dataset(self.settings, sha256)))
        if trained.evaluation is not None:
            write_report(self.run.directory / "report.html", trained.evaluation, trained.card)
        try:
            trained.save(self.settings.model_dir)
        except registry.ModelExistsError:
            # Killed between saving and noting it: the same data and settings give the same bytes, or it is another's.
            if registry.card_of(self.settings.model_dir, version).model_sha256 != trained.card.model_sha256:
                raise
        return {"version": version, "lines": list(trained.card.lines())}

    def _beside(self) -> Beside | None:
        """The other rows, kept under their digest so that the card's model can be rebuilt."""
        from models.training.beside import WEIGHT, Beside  # noqa: PLC0415 - a second of imports
        from models.training.stored import read_dataset, write_dataset  # noqa: PLC0415

        if self.beside is None:
            return None
        other = read_dataset(self.beside)
        kept = kept_dataset(self.settings, other.sha256())
        if not kept.exists():
            write_dataset(other, kept)
        return Beside(other, self.beside_weight or WEIGHT)

    def _evaluate(self, version: str, sha256: str) -> dict[str, Any]:
        from models.training.dataset import DatasetError  # noqa: PLC0415 - a second of imports
        from models.training.stored import read_dataset  # noqa: PLC0415

        dataset, now = read_dataset(kept_dataset(self.settings, sha256)), datetime.now(UTC)
        try:
            found, kept = judge_on(self.settings, version, dataset, lines=lines_of(self.policy), now=now)
        except (DatasetError, RegistryError) as error:
            return {"refused_by": None, "lines": [f"not judged: {error}"]}
        RecordJudgement(self.store.begin)(kept, actor=ACTOR, now=now)
        return {"refused_by": list(found.refused_by), "lines": list(found.lines())}

    def _shadow(self, version: str) -> dict[str, Any]:
        start = StartShadow(self.store.begin, self.settings.model_dir, CATALOGUE)
        try:
            start(version, actor=ACTOR, now=datetime.now(UTC))
        except ConflictError:
            return {"lines": [f"{version} is in the shadow already"]}
        return {"lines": [f"{version} is in the shadow: it decides nothing until it is promoted"]}

    def _training(self) -> TrainSettings:
        from models.training.train import TrainSettings  # noqa: PLC0415 - a second of imports

        return TrainSettings(seed=self.seed)


def _report(version: str, *parts: Any) -> Iterator[str]:
    """In the order in which a person wants to know: may it be promoted, then why, then what it learnt from."""
    exported, labelled, trained, judged, shadow, moved = parts
    refused_by, kept = judged["refused_by"], f"datasets/{labelled['sha256']}.parquet"
    yield f"# Model {version}\n"
    if refused_by is None:
        yield "**Not judged**: leave it in the shadow until more outcomes are known.\n"
    elif refused_by:
        yield f"**Refused** by {', '.join(refused_by)}. The champion goes on scoring.\n"
    else:
        yield "**Every gate holds.** Read the figures, compare it in the shadow, then promote it in the console or:\n"
        yield f"    gatehouse model compare {version}"
        yield f"    gatehouse model promote {version} --on DATA_DIR/{kept}\n"
    sections = {
        "Gates": judged["lines"],
        "Shadow": shadow["lines"],
        "Labels held back, and what each source does": labelled["lines"] or ["nothing was held back"],
        "Drift": moved,
        "Data": exported["lines"],
        "The model": trained["lines"],
    }
    for heading, lines in sections.items():
        yield f"## {heading}\n"
        yield "```"
        yield from lines
        yield "```\n"
