"""``gatehouse audit``: seal and verify the chain over the audit record."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from service.cli.context import settings_here, store_of
from service.usecases.ports import AuditHead


@click.group()
def audit() -> None:
    """Seal, verify and export the audit chain."""


@audit.command()
def seal() -> None:
    """Seal the entries that are not sealed yet."""
    store, sealed = store_of(settings_here()), 0
    while True:
        with store.begin() as work:
            batch = work.audit.seal(at=datetime.now(UTC))
            work.commit()
        sealed += batch
        if not batch:
            break
    click.echo(f"{sealed} entries sealed")


@audit.command()
@click.option(
    "--anchor",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A head that `audit head` printed earlier: a chain cut short since then is noticed.",
)
def verify(anchor: Path | None) -> None:
    """Recompute the chain and say whether every seal holds."""
    with store_of(settings_here()).begin() as work:
        verdict = work.audit.verify(anchor=None if anchor is None else _read_head(anchor.read_bytes()))
    if verdict.problem is not None:
        raise click.ClickException(f"the audit chain is broken: {verdict.problem}")
    click.echo(f"{verdict.entries} entries under {verdict.seals} seals hold; {verdict.unsealed} are not sealed yet")


@audit.command()
def head() -> None:
    """Print the newest seal; kept somewhere else it is the anchor that shows a truncation."""
    with store_of(settings_here()).begin() as work:
        newest = work.audit.verify().head
    if newest is None:
        raise click.ClickException("nothing is sealed yet")
    click.echo(f"{newest.seal_no} {newest.entries} {newest.digest.hex()}")


def _read_head(line: bytes) -> AuditHead:
    try:
        seal_no, entries, digest = line.decode("ascii").split()
        return AuditHead(int(seal_no), int(entries), bytes.fromhex(digest))
    except ValueError:
        raise click.ClickException("the anchor is not a line that `gatehouse audit head` printed") from None
