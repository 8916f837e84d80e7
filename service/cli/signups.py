"""``gatehouse signups``: import the past."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from service.api.json_body import decode
from service.api.schemas.signup import SignupRequest
from service.api.signups import SIGNUPS
from service.api.validation import validate
from service.app import compose, request_fingerprint
from service.cli.context import console, settings_here
from service.cli.progress import progress
from service.domain.caller import Caller, Scope
from service.domain.errors import ConflictError, InvalidError

REFUSALS_SHOWN = 20


@click.group()
def signups() -> None:
    """Import the past."""


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
        for number, line in enumerate(_lines(file), start=1):
            report("importing sign-ups", number, None)
            now = datetime.now(UTC)
            try:
                document = json.loads(line) | {"record_only": True}
                decoded = decode(json.dumps(document).encode())
                signup = validate(SignupRequest, decoded, now=now).to_signup(now)
                fingerprint = request_fingerprint(application.pseudonyms, "POST", SIGNUPS, decoded.canonical())
                answer = application.assess(signup, caller=caller, now=now, fingerprint=fingerprint)
            except (InvalidError, ConflictError, ValueError, TypeError) as error:
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


def _lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8") as lines:
        yield from (line for line in lines if line.strip())


def _why(error: Exception) -> str:
    """What was wrong, without repeating what was sent."""
    if isinstance(error, InvalidError):
        return "; ".join(f"{each.pointer} {each.message}" for each in error.errors) or str(error)
    return str(error) if isinstance(error, ConflictError) else "not a JSON object"
