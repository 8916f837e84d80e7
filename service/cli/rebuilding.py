"""``gatehouse replay --rebuild``: vectors of all recorded sign-ups in this release's catalogue, resumed after kills."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.features.catalogue import FEATURES
from service.cli.collecting import seldom_collected
from service.cli.context import console, reference_of, settings_here, store_of
from service.cli.progress import progress
from service.usecases.rebuild_vectors import RebuildVectors, Rebuilt

if TYPE_CHECKING:
    from models.training.recorded import RecordedRow

PART = 5_000
"""Sign-ups of one part: what a kill costs at most, some seconds."""

_WORDS = {
    True: "equal to what was logged, to the last bit",
    False: "differ from what was logged",
    None: "were logged without a vector of this catalogue",
}

NAMES = tuple(feature.name for feature in FEATURES)


def rebuild_vectors(out: Path) -> None:
    """Write what ``signups export`` writes, with every vector made anew; parts of an interrupted run are kept."""
    from models.training.recorded import read_rows, write_rows  # noqa: PLC0415 - needs the extra "train"

    settings = settings_here()
    reference = reference_of(settings)
    parts = _parts_of(out, reference.given())
    parts.mkdir(parents=True, exist_ok=True)
    done = sorted(parts.glob("*.parquet"))
    remembered, counts = PART * len(done), Counter[str]()
    store, began, read = store_of(settings), time.monotonic(), 0

    def seen(place: int) -> None:
        nonlocal read
        read = place
        shown("rebuilding vectors" if place > remembered else "remembering what was rebuilt before", place, None)

    try:
        with progress(console()) as shown, seldom_collected():
            page: list[RecordedRow] = []
            number = len(done)
            for at, rebuilt in enumerate(RebuildVectors(store.begin, reference)(remembered=remembered, seen=seen), 1):
                page += _rows(rebuilt, counts)
                if at % PART == 0:
                    write_rows(page, parts / f"{number:06}.parquet")
                    page, number = [], number + 1
            took = time.monotonic() - began
            written = write_rows(chain(*map(read_rows, sorted(parts.glob("*.parquet"))), page), out)
    finally:
        store.dispose()
    shutil.rmtree(parts)
    click.echo(f"{written:,} vectors in {out}")
    click.echo(f"{read:,} sign-ups read in {took:.0f} s, {read / max(took, 1e-9):,.0f} a second")
    if remembered:
        click.echo(f"{min(remembered, read):,} were rebuilt before this run and only remembered")
    for what, count in sorted(counts.items()):
        click.echo(f"  {count:,} {what}")


def _rows(rebuilt: Rebuilt, counts: Counter[str]) -> Iterator[RecordedRow]:
    from models.training.recorded import RecordedRow  # noqa: PLC0415 - needs the extra "train"

    recorded, first = rebuilt.recorded, rebuilt.recorded.first
    if first is None:
        counts["were recorded without a decision"] += 1
        return
    counts[_WORDS[rebuilt.equal]] += 1
    drawn = first.explored
    yield RecordedRow.of_bytes(
        rebuilt.vector,
        features=NAMES,
        signup_id=recorded.signup.signup_id,
        occurred_at=recorded.signup.occurred_at,
        account_type=recorded.signup.account_type.value,
        decision=first.decision.value,
        score=first.score,
        propensity=drawn.propensity if drawn is not None and drawn.allowed else None,
    )


def _parts_of(out: Path, given: object) -> Path:
    """Beside the file, under a name of what decides the vectors: another catalogue never continues these parts."""
    digest = hashlib.sha256(repr((NAMES, given)).encode()).hexdigest()[:12]
    return out.with_name(f"{out.name}.{digest}.parts")
