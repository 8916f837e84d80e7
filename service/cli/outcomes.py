"""``gatehouse outcomes``: import what turned out to be true of sign-ups."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from models.text_lines import lines_of
from service.api.json_body import decode
from service.api.schemas.outcome import OutcomeRequest
from service.api.validation import validate
from service.app import new_id
from service.cli.context import console, settings_here, store_of
from service.cli.progress import progress
from service.domain.caller import Caller, Scope
from service.domain.errors import ConflictError, InvalidError, NotFoundError
from service.usecases.in_force import PolicyInForce
from service.usecases.record_outcome import RecordOutcome
from service.web import RefusedError

REFUSALS_SHOWN = 20


@click.group()
def outcomes() -> None:
    """Import what turned out to be true of sign-ups."""


@outcomes.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--owner", default="default", show_default=True, help="Whose sign-ups they are of: an API key's owner.")
def import_outcomes(file: Path, owner: str) -> None:
    """Record the outcomes of FILE, JSON lines as the API takes them.

    An outcome that its source gave already changes nothing, so an import that was interrupted is simply run again.
    Lines that are refused are named at the end, and the exit code is 1.
    """
    store = store_of(settings_here())
    caller = Caller(owner=owner, key_id="import", scopes=frozenset({Scope.OUTCOMES}))
    record = RecordOutcome(store.begin, PolicyInForce(store.begin, lambda: 0.0), new_id)
    recorded = known = 0
    refused: list[str] = []
    try:
        with progress(console()) as report:
            for number, line in enumerate(filter(str.strip, lines_of(file)), start=1):
                report("importing outcomes", number, None)
                now = datetime.now(UTC)
                try:
                    asked = validate(OutcomeRequest, decode(line.encode()), now=now)
                    spoken = record(asked.signup_id, asked.to_statement(), caller=caller, now=now)
                except (InvalidError, NotFoundError, ConflictError, RefusedError) as error:
                    refused.append(f"line {number}: {_why(error)}")
                    continue
                recorded, known = recorded + spoken.new, known + (not spoken.new)
    finally:
        store.dispose()
    click.echo(f"{recorded:,} outcomes recorded, {known:,} known already, {len(refused):,} refused")
    for each in refused[:REFUSALS_SHOWN]:
        click.echo(f"  {each}", err=True)
    if len(refused) > REFUSALS_SHOWN:
        click.echo(f"  and {len(refused) - REFUSALS_SHOWN:,} more", err=True)
    if refused:
        raise click.exceptions.Exit(1)


def _why(error: Exception) -> str:
    """What was wrong, without repeating what was sent."""
    if isinstance(error, InvalidError) and error.errors:
        return "; ".join(f"{each.pointer} {each.message}" for each in error.errors)
    return str(error)
