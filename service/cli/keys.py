"""``gatehouse keys``: create, list and revoke API keys."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from service.cli.context import settings_here, store_of
from service.domain.caller import Scope
from service.usecases.issue_key import IssueKey, RevokeKey


@click.group()
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command()
@click.option("--name", required=True, help="What the key is for; shown in lists.")
@click.option("--owner", help="Whose sign-ups the key records and reads; the name unless given.")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice([scope.value for scope in Scope]))
def create(name: str, owner: str | None, scopes: tuple[str, ...]) -> None:
    """Create a key and print it, alone, on standard output. It is shown once: only its digest is kept."""
    store = store_of(settings_here())
    issued = IssueKey(store.begin)(name=name, owner=owner, scopes=scopes, actor="cli", now=datetime.now(UTC))
    click.echo(issued.token)


@keys.command("list")
def list_keys() -> None:
    """List the keys: id, name, owner, scopes, and whether they are revoked."""
    with store_of(settings_here()).begin() as work:
        for key in work.keys.all():
            ended = "active" if key.revoked_at is None else f"revoked {key.revoked_at:%Y-%m-%d %H:%M}Z"
            click.echo(f"{key.id}  {key.name}  {key.owner}  {','.join(sorted(key.scopes))}  {ended}")


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End a key; the workers notice within seconds."""
    RevokeKey(store_of(settings_here()).begin)(key_id, actor="cli", now=datetime.now(UTC))
    click.echo(f"{key_id} is revoked")
