"""``gatehouse signups``: import the past, export what was decided."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.features.catalogue import FEATURES
from models.text_lines import lines_of
from service.api.json_body import decode
from service.api.schemas.signup import SignupRequest
from service.api.signups import SIGNUPS
from service.api.validation import validate
from service.app import compose, request_fingerprint
from service.cli.context import console, reference_of, settings_here, store_of
from service.cli.progress import Report, progress
from service.config import Settings
from service.domain.caller import Caller, Scope
from service.domain.decision import Assessment
from service.domain.errors import ConflictError, InvalidError
from service.storage.sql.store import SqlStore
from service.usecases.logged_vectors import LoggedFeatures
from service.usecases.ports import Recorded
from service.web import RefusedError

if TYPE_CHECKING:
    from models.training.recorded import RecordedRow

REFUSALS_SHOWN = 20
LATELY = click.FloatRange(min=0, min_open=True, max=720)


@click.group()
def signups() -> None:
    """Import the past, export what was decided."""


@signups.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--owner", default="default", show_default=True, help="Whose sign-ups they are: the owner of an API key.")
def import_signups(file: Path, owner: str) -> None:
    """Record the sign-ups of FILE (JSON lines as the API takes them, in time order) without deciding on them.

    They build history and linkage. A sign-up that is recorded already is left as it is, so an import that was
    interrupted is simply run again. Lines that are refused are named at the end, and the exit code is 1.
    """
    application = compose(settings_here())
    caller = Caller(owner=owner, key_id="import", scopes=frozenset({Scope.SIGNUPS}))
    recorded = known = 0
    refused: list[str] = []
    with progress(console()) as report:
        for number, line in enumerate(filter(str.strip, lines_of(file)), start=1):
            report("importing sign-ups", number, None)
            now = datetime.now(UTC)
            try:
                document = json.loads(line) | {"record_only": True}
                decoded = decode(json.dumps(document).encode())
                signup = validate(SignupRequest, decoded, now=now).to_signup(now)
                fingerprint = request_fingerprint(application.pseudonyms, "POST", SIGNUPS, decoded.canonical())
                answer = application.assess(signup, caller=caller, now=now, fingerprint=fingerprint)
            except (InvalidError, ConflictError, RefusedError, ValueError, TypeError, RecursionError) as error:
                refused.append(f"line {number}: {_why(error)}")
                continue
            recorded, known = recorded + (not answer.replayed), known + answer.replayed
    application.store.dispose()
    click.echo(f"{recorded:,} sign-ups recorded, {known:,} known already, {len(refused):,} refused")
    for each in refused[:REFUSALS_SHOWN]:
        click.echo(f"  {each}", err=True)
    if len(refused) > REFUSALS_SHOWN:
        click.echo(f"  and {len(refused) - REFUSALS_SHOWN:,} more", err=True)
    if refused:
        raise click.exceptions.Exit(1)


@signups.command("export")
@click.option(
    "--vectors", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The Parquet file to write."
)
def export_signups(vectors: Path) -> None:
    """Write the logged feature vectors of all decisions, to train on: no personal data leave the database.

    One row a sign-up with its first decision and score and the vector as it was logged then. `gatehouse model train
    --vectors FILE --outcomes FILE` joins them with what became known.
    """
    settings = settings_here()
    store = store_of(settings)
    try:
        with progress(console()) as report:
            written, skipped = export_vectors(settings, store, vectors, report)
    finally:
        store.dispose()
    click.echo(f"{written:,} vectors in {vectors}")
    for why, count in sorted(skipped.items()):
        click.echo(f"  {count:,} sign-ups left out: {why}", err=True)


@signups.command("reassess")
@click.option("--within-hours", type=LATELY, default=24.0, show_default=True, help="Of how many hours.")
def reassess_signups(within_hours: float) -> None:
    """Look again, now, at accounts that were let in lately; what changes is recorded and told, as by the worker.

    Only those that stand as first decided: what a person, a proof or a containment decided since is left alone.
    """
    from service.jobs import second_look_of  # noqa: PLC0415 - with every job of the worker

    settings = settings_here()
    store, now = store_of(settings), datetime.now(UTC)
    look = second_look_of(store, settings, reference_of(settings))
    try:
        with progress(console()) as report:
            found = look.on_demand(
                since=now - timedelta(hours=within_hours),
                now=now,
                told=lambda done: report("looking again", done, None),
            )
    finally:
        store.dispose()
    click.echo(f"{found.looked:,} sign-ups looked at, {found.changed:,} decisions changed")


def export_vectors(
    settings: Settings, store: SqlStore, vectors: Path, report: Report, *, decided_by: datetime | None = None
) -> tuple[int, Counter[str]]:
    """Write every decision's vector as it was logged; how many, and how many were left out for which reason.

    With ``decided_by`` only what was decided until then, and the rows are named by this service's own ids: two
    owners may use the same of theirs.
    """
    from models.training.recorded import RecordedRow, write_rows  # noqa: PLC0415 - needs the extra "train"

    skipped: Counter[str] = Counter()
    with store.begin() as work:
        decided = _rows(
            work.ledger.stream(),
            LoggedFeatures(settings.model_dir, [feature.name for feature in FEATURES]),
            RecordedRow.of_bytes,
            skipped=skipped,
            report=report,
            decided_by=decided_by,
        )
        return write_rows(decided, vectors), skipped


def _rows(
    recorded: Iterable[Recorded],
    features_of: LoggedFeatures,
    make: Callable[..., RecordedRow],
    *,
    skipped: Counter[str],
    report: Report,
    decided_by: datetime | None,
) -> Iterator[RecordedRow]:
    for done, each in enumerate(recorded, start=1):
        report("reading decisions", done, None)
        if not each.assessments:
            skipped["recorded without a decision"] += 1
            continue
        # The first decision is the one whose outcome was awaited; later ones knew more.
        first = each.assessments[0]
        if decided_by is not None and first.decided_at > decided_by:
            skipped["decided after the cut-off"] += 1
        elif first.vector is None:
            skipped["decided without a feature vector"] += 1
        elif (features := features_of(first.vector, first.model)) is None:
            skipped["logged by a release with other features, whose model's card is not in the registry"] += 1
        else:
            yield make(
                first.vector,
                features=features,
                signup_id=each.signup.signup_id if decided_by is None else each.id,
                occurred_at=each.signup.occurred_at,
                account_type=each.signup.account_type.value,
                decision=first.decision.value,
                score=first.score,
                propensity=_propensity(first),
            )


def _propensity(decided: Assessment) -> float | None:
    """The chance with which it was let in, where a draw let it in."""
    drawn = decided.explored
    return drawn.propensity if drawn is not None and drawn.allowed else None


def _why(error: Exception) -> str:
    """What was wrong, without repeating what was sent."""
    if isinstance(error, InvalidError):
        return "; ".join(f"{each.pointer} {each.message}" for each in error.errors) or str(error)
    return str(error) if isinstance(error, ConflictError | RefusedError) else "not a JSON object"
