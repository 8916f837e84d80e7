"""``gatehouse policy``: check a policy document, show the one in force."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.context import settings_here, store_of
from service.domain.policy import Policy, default_policy_text, parse_policy


@click.group()
def policy() -> None:
    """Check and show policies."""


@policy.command()
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(document: Path) -> None:
    """Say what is wrong with a policy document, or that nothing is."""
    parsed = policy_of(document)
    click.echo(f"{document.name} is a valid policy with {len(parsed.document.rules)} rules")


@policy.command()
def show() -> None:
    """Print the policy document in force."""
    with store_of(settings_here()).begin() as work:
        version = work.policies.active()
    if version is None:
        click.echo("# no policy is recorded yet: the shipped one is in force\n" + default_policy_text(), nl=False)
    else:
        click.echo(
            f"# version {version.version}, by {version.created_by}: {version.reason}\n{version.document}", nl=False
        )


def policy_of(document: Path | None) -> Policy:
    """The policy that a file holds, the shipped one where there is none."""
    if document is None:
        return parse_policy(default_policy_text(), version=0)
    try:
        text = document.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise click.ClickException(f"{document.name} is not text in UTF-8") from None
    return parse_policy(text, version=0)
