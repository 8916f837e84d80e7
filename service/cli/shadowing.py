"""``gatehouse model shadow``, ``compare`` and ``drift``: what a challenger would have done, and what has moved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from service.cli.bad_data import refusing_bad_data
from service.cli.catalogue import CATALOGUE
from service.cli.context import settings_here, store_of
from service.cli.option_types import FILE
from service.cli.promotion import ACTOR
from service.config import Settings
from service.storage.sql.store import SqlStore
from service.usecases.compare import Compare
from service.usecases.drift import BEFORE, RECENT, MeasureDrift
from service.usecases.in_force import PolicyInForce
from service.usecases.known_labels import KnownLabels
from service.usecases.ripeness import Said, said_by_name
from service.usecases.shadow import StartShadow, StopShadow


@click.command()
@click.argument("version", required=False)
@click.option("--stop", is_flag=True, help="Take VERSION out of the shadow; what it scored stays.")
def shadow(version: str | None, *, stop: bool) -> None:
    """Let VERSION score beside the champion, after the answers are sent; without VERSION, list who does."""
    if version is None and stop:
        raise click.UsageError("--stop needs the VERSION to stop")
    with _store() as (settings, store):
        if version is None:
            with store.begin() as work:
                for each in work.shadows.running():
                    click.echo(
                        f"{each.model.version}  {each.model.sha256[:12]}  since {each.started_at:%Y-%m-%d %H:%M}Z"
                    )
        elif stop:
            StopShadow(store.begin)(version, actor=ACTOR, now=datetime.now(UTC))
            click.echo(f"{version} is out of the shadow")
        else:
            StartShadow(store.begin, settings.model_dir, CATALOGUE)(version, actor=ACTOR, now=datetime.now(UTC))
            click.echo(f"{version} is in the shadow; `gatehouse worker` scores, `gatehouse model compare` tells")


@click.command()
@click.argument("version")
@click.option("--outcomes", type=FILE, help="What became known, as JSON lines, in place of the recorded outcomes.")
@click.option("--rate", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.01, show_default=True)
def compare(version: str, *, outcomes: Path | None, rate: float) -> None:
    """Compare what a challenger in the shadow would have done with what was done, with intervals."""
    with _store() as (_, store):
        now = datetime.now(UTC)
        found = Compare(store.begin)(version, now=now, said=_said(store, outcomes, now), rate=rate)
    if not found.rows:
        raise click.ClickException(f"{version} has scored nothing in the shadow yet")
    for line in found.lines():
        click.echo(line)


@click.command()
@click.option("--outcomes", type=FILE, help="What became known, in place of the recorded outcomes.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), default=RECENT.days, show_default=True)
@click.option("--before-days", type=click.FloatRange(min=0, min_open=True), default=BEFORE.days, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--keep", is_flag=True, help="Keep it for gauges and pages, as the worker does once an hour.")
def drift(*, outcomes: Path | None, days: float, before_days: float, as_json: bool, keep: bool) -> None:
    """Say what has moved in the last days against those before, beyond chance: features, scores, calibration."""
    now = datetime.now(UTC)
    with _store() as (settings, store):
        measure = MeasureDrift(store.begin, settings.model_dir, CATALOGUE)
        found = measure(
            now=now,
            recent=timedelta(days=days),
            before=timedelta(days=before_days),
            said=_said(store, outcomes, now),
        )
        if keep:
            measure.keep(found, now=now)
    if as_json:
        click.echo(json.dumps(found.as_document(), indent=1))
        return
    for line in found.lines():
        click.echo(line)


def _said(store: SqlStore, outcomes: Path | None, now: datetime) -> Said | None:
    """What became known by a file of outcomes, or by those that are recorded; ``None`` where nobody said anything."""
    if outcomes is None:
        return KnownLabels(store.begin, PolicyInForce(store.begin, lambda: 0.0)).said(now)
    from models.training.recorded import read_outcomes  # noqa: PLC0415 - needs the extra "train"

    with refusing_bad_data():
        known = read_outcomes(outcomes, known_by=now)
    return said_by_name({signup_id: int(each.label == "fraud") for signup_id, each in known.items()}) if known else None


@contextmanager
def _store() -> Iterator[tuple[Settings, SqlStore]]:
    settings = settings_here()
    store = store_of(settings)
    try:
        yield settings, store
    finally:
        store.dispose()
