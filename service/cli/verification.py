"""``gatehouse model verify`` and ``rebuild``: a model is what its card says, and comes out of its data again."""

from __future__ import annotations

from pathlib import Path

import click

from models import registry
from models.card import Card
from service.cli.bad_data import refusing_bad_data
from service.cli.catalogue import CATALOGUE
from service.cli.context import console, settings_here, store_of
from service.cli.option_types import FILE, NEW_FILE
from service.cli.progress import progress
from service.config import Settings
from service.usecases.verify_model import SAMPLE, VerifyModel

PROBLEMS_SHOWN = 10
KEPT = "datasets"
"""Where ``model retrain`` keeps data sets, each under its digest."""


@click.command()
@click.argument("version")
@click.option("--sample", type=click.IntRange(min=1), default=SAMPLE, show_default=True, help="So many decisions.")
def verify(version: str, *, sample: int) -> None:
    """Compare a model's digests, and score recorded decisions of it again: they must be equal to the last bit."""
    settings = settings_here()
    store = store_of(settings)
    try:
        found = VerifyModel(store.begin, settings.model_dir, CATALOGUE)(version, sample=sample)
    finally:
        store.dispose()
    click.echo(f"{found.version}: sha256 {found.sha256} is the card's")
    click.echo(f"{found.equal:,} recorded decisions scored again, equal to the last bit")
    if found.unreadable:
        click.echo(f"{found.unreadable:,} were logged without a vector that this release can read", err=True)
    for problem in found.problems[:PROBLEMS_SHOWN]:
        click.echo(f"  {problem}", err=True)
    if found.problems:
        raise click.ClickException(f"{len(found.problems):,} decisions of {found.version} do not come out again")


@click.command()
@click.argument("card")
@click.option("--dataset", type=FILE, help="What it learnt from, as kept by --dataset-out; looked up by its digest.")
@click.option("--out", type=NEW_FILE, help="Write the model file that comes out.")
def rebuild(card: str, *, dataset: Path | None, out: Path | None) -> None:
    """Train again as a card says, and say whether the same bytes come out; CARD is a version or a card.json."""
    from models.training.beside import SHA256, WEIGHED, Beside  # noqa: PLC0415 - a second of imports
    from models.training.fit import Engine, fit  # noqa: PLC0415
    from models.training.rebuild import rebuild as rebuild_from  # noqa: PLC0415
    from models.training.stored import read_dataset  # noqa: PLC0415
    from models.whole_files import written_whole  # noqa: PLC0415

    settings = settings_here()
    wanted = _card(settings, card)
    with refusing_bad_data(), progress(console()) as shown:
        engine: Engine = fit
        if SHA256 in wanted.settings:
            other = read_dataset(_kept(settings, wanted, str(wanted.settings[SHA256])))
            engine = Beside(other, float(wanted.settings[WEIGHED]))
        own = read_dataset(dataset or _kept(settings, wanted, wanted.data.sha256))
        found = rebuild_from(own, wanted, engine=engine, progress=shown)
    if found.differences:
        raise click.ClickException(f"{wanted.version} does not come out again: {'; '.join(found.differences)}")
    if out is not None:
        with written_whole(out) as beside:
            beside.write_bytes(found.booster)
    click.echo(f"{wanted.version} comes out again: {len(found.booster):,} bytes, sha256 {wanted.model_sha256}")


def _card(settings: Settings, named: str) -> Card:
    file = Path(named)
    if file.suffix == ".json" or file.is_file():
        return Card.from_json(file.read_bytes())
    return registry.baseline_card() if named == registry.BASELINE else registry.card_of(settings.model_dir, named)


def _kept(settings: Settings, card: Card, sha256: str) -> Path:
    place = kept_dataset(settings, sha256)
    if not place.exists():
        remedy = "name it with --dataset" if sha256 == card.data.sha256 else f"it belongs at {place}"
        raise click.ClickException(f"a data set that {card.version} learnt from is not kept here: {remedy}")
    return place


def kept_dataset(settings: Settings, sha256: str) -> Path:
    """Where a data set is kept, by its digest."""
    return settings.data_dir / KEPT / f"{sha256}.parquet"
