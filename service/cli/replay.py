"""``gatehouse replay``: judge a file of sign-ups in order, over an empty history, without a service."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from models import registry
from models.features.catalogue import FEATURES
from models.linkage.memory import MemoryHistory
from models.registry import LoadedModel
from models.replay import Replayed
from models.replay import replay as replayed
from models.signup import Signup
from models.simulation.files import read_signups, read_truths, truth_path
from models.simulation.truth import Truth
from models.text_lines import SignupFileError
from service.cli.collecting import seldom_collected
from service.cli.context import console, reference_of, settings_here
from service.cli.policy import policy_of_file
from service.cli.progress import Report, progress
from service.config import Settings
from service.domain.decision import Decision
from service.domain.ids import uuid7
from service.domain.policy import Policy
from service.usecases.judge import Judge

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one sign-up of the file."""

    signup_id: str
    occurred_at: datetime
    decision: Decision
    score: float | None
    vector: tuple[float, ...]


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--policy", "policy_file", type=FILE, help="A policy document; the shipped one unless given.")
@click.option("--model", "version", help="A version of the registry; the active one unless given.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write vectors, scores and decisions, as Parquet."
)
@click.option("--rebuild", is_flag=True, help="Make the vectors of all recorded sign-ups anew, into --out.")
def replay(
    *, file: Path | None, policy_file: Path | None, version: str | None, out: Path | None, rebuild: bool
) -> None:
    """Judge the sign-ups of FILE one after the other, each against those before it, exactly as the service would.

    Where the truth lies beside FILE (as `simulate` writes it) the table tells honest kinds and attack families apart.

    With --rebuild the recorded sign-ups take the place of FILE, each meeting what was recorded and known before it:
    after the catalogue has grown, `model train --vectors` learns from what comes out. Killed, it goes on where it was.
    """
    if rebuild:
        if file is not None or policy_file is not None or version is not None or out is None:
            raise click.UsageError("--rebuild takes --out and nothing else: no FILE, no policy, no model")
        from service.cli.rebuilding import rebuild_vectors  # noqa: PLC0415 - wanted here only

        rebuild_vectors(out)
        return
    if file is None:
        raise click.UsageError("FILE is needed, or --rebuild")
    settings = settings_here()
    policy = policy_of_file(policy_file)
    model = _model(settings, version)
    with progress(console()) as report, seldom_collected():
        judged = list(_judged(read_signups(file), settings, model, policy, report))
    if out is not None:
        _write(out, judged)
        click.echo(f"{len(judged):,} vectors in {out}")
    truths = _truths_of(file, judged)
    Console().print(_table(judged, truths))


def _model(settings: Settings, version: str | None) -> LoadedModel:
    names = [feature.name for feature in FEATURES]
    if version is None:
        return registry.load_active(settings.model_dir, catalogue=names)
    return registry.load(settings.model_dir, version, catalogue=names)


def _judged(
    signups: Iterator[Signup], settings: Settings, model: LoadedModel, policy: Policy, report: Report
) -> Iterator[Judged]:
    reference = reference_of(settings)
    judge = Judge(
        reference=reference,
        model=lambda: model,
        policy=lambda: policy,
        new_id=lambda now: uuid7(now, secrets.randbits(74)),
    )
    each: Replayed
    for done, each in enumerate(replayed(signups, reference=reference, history=MemoryHistory()), start=1):
        signup = each.facts.signup
        assessment = judge(each.facts, now=signup.occurred_at)
        yield Judged(
            signup_id=signup.signup_id,
            occurred_at=signup.occurred_at,
            decision=assessment.decision,
            score=assessment.score,
            vector=tuple(each.vector.tolist()),
        )
        report("replaying sign-ups", done, None)


def _truths_of(file: Path, judged: list[Judged]) -> list[Truth] | None:
    """The truths beside a file; ``None`` where there are none, as for any file that `simulate` did not write."""
    try:
        beside = truth_path(file)
    except ValueError:
        return None
    if not beside.exists():
        return None
    truths = list(read_truths(beside))
    if [truth.signup_id for truth in truths] != [each.signup_id for each in judged]:
        raise SignupFileError(f"{beside.name} does not belong to {file.name}")
    return truths


def _write(out: Path, judged: list[Judged]) -> None:
    # pyarrow comes with the extra "train" and has no types; everything else here works without it.
    import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # noqa: PLC0415

    columns: dict[str, list[object]] = {
        "signup_id": [each.signup_id for each in judged],
        "occurred_at": [each.occurred_at for each in judged],
        "decision": [each.decision.value for each in judged],
        "score": [each.score for each in judged],
    }
    for place, feature in enumerate(FEATURES):
        columns[feature.name] = [each.vector[place] for each in judged]
    pq.write_table(pa.table(columns), out)


def _table(judged: list[Judged], truths: list[Truth] | None) -> Table:
    table = Table(title="What became of whom")
    table.add_column("kind")
    for heading in ("sign-ups", "let in", "stepped up", "held for review", "denied"):
        table.add_column(heading, justify="right")
    kinds = ["all"] * len(judged) if truths is None else [truth.kind for truth in truths]
    counts: dict[str, Counter[Decision]] = {}
    for kind, each in zip(kinds, judged, strict=True):
        counts.setdefault(kind, Counter())[each.decision] += 1
    for kind in sorted(
        counts, key=lambda name: (name[0] != "H", name[0], int(name[1:]) if name[1:].isdecimal() else 0)
    ):
        total = counts[kind].total()
        shares = (f"{counts[kind][each]:,} ({counts[kind][each] / total:.1%})" for each in Decision)
        table.add_row(kind, f"{total:,}", *shares)
    return table
