"""``gatehouse reviewers``: the people who sign in to the console."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from service.cli.context import settings_here, store_of
from service.domain.reviewer import Role
from service.storage.pseudonyms import Pseudonyms
from service.usecases.manage_reviewers import ManageReviewers
from service.usecases.reviewer_identity import Identities


@click.group()
def reviewers() -> None:
    """Create, list and disable the console's reviewers."""


@reviewers.command()
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--queue", "queues", multiple=True, help="A queue they work in; every queue unless given.")
def create(name: str, role: str, queues: tuple[str, ...]) -> None:
    """Create a reviewer and print the password for the first sign-in, alone, on standard output."""
    manage = ManageReviewers(store_of(settings_here()).begin)
    made = manage.create(name, Role(role), actor="cli", now=datetime.now(UTC), queues=frozenset(queues))
    click.echo(made.password)


@reviewers.command("list")
def list_reviewers() -> None:
    """List the reviewers: name, role, queues, and whether they are disabled."""
    with store_of(settings_here()).begin() as work:
        for each in work.reviewers.all():
            ended = "active" if each.disabled_at is None else f"disabled {each.disabled_at:%Y-%m-%d %H:%M}Z"
            click.echo(f"{each.name}  {each.role}  {','.join(sorted(each.queues)) or 'every queue'}  {ended}")


@reviewers.command("reset-password")
@click.argument("name")
def reset_password(name: str) -> None:
    """Print a fresh password for one sign-in; every session of the reviewer ends."""
    manage = ManageReviewers(store_of(settings_here()).begin)
    click.echo(manage.reset_password(name, actor="cli", now=datetime.now(UTC)).password)


@reviewers.command()
@click.argument("name")
@click.argument("identity", required=False)
def identity(name: str, identity: str | None) -> None:
    """Let a reviewer sign in at the OpenID provider as IDENTITY, an e-mail address or a subject; as nobody without."""
    settings = settings_here()
    if settings.reviewers_oidc is None:
        raise click.ClickException("GATEHOUSE_REVIEWERS_OIDC_ISSUER names no provider")
    pseudonyms = Pseudonyms((key.version, key.key) for key in settings.pseudonym_keys)
    identities = Identities(settings.reviewers_oidc.issuer, lambda who: pseudonyms.fingerprint(who.encode()))
    known = None if identity is None else identities.of_text(identity)
    ManageReviewers(store_of(settings).begin).set_identity(name, known, actor="cli", now=datetime.now(UTC))
    click.echo(f"{name} signs in there" if known else f"{name} signs in with a password only")


@reviewers.command()
@click.argument("name")
def disable(name: str) -> None:
    """End a reviewer's access at once; what they did stays on record."""
    ManageReviewers(store_of(settings_here()).begin).disable(name, actor="cli", now=datetime.now(UTC))
    click.echo(f"{name} is disabled")
