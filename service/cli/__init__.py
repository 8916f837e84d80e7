"""The command line: one command, ``gatehouse``, whose parts are loaded when they are called."""

from __future__ import annotations

import sys
from importlib import import_module

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("service.cli.serve:serve", "Serve the HTTP interface with gunicorn."),
    "worker": (
        "service.cli.worker:worker",
        "Do the work that no request waits for: seal the audit record, deliver events.",
    ),
    "db": ("service.cli.database:db", "Upgrade and check the database."),
    "keys": ("service.cli.keys:keys", "Create, list and revoke API keys."),
    "webhooks": ("service.cli.webhooks:webhooks", "Tell a sign-up flow what happens: its endpoints and deliveries."),
    "reviewers": ("service.cli.reviewers:reviewers", "Create, list and disable the console's reviewers."),
    "signups": ("service.cli.signups:signups", "Import the past: record sign-ups without deciding on them."),
    "outcomes": ("service.cli.outcomes:outcomes", "Import what turned out to be true of sign-ups."),
    "simulate": ("service.cli.simulate:simulate", "Write a simulated stream of sign-ups and its truth."),
    "replay": ("service.cli.replay:replay", "Judge a file of sign-ups in order, without a service."),
    "rehearse": ("service.cli.rehearse:rehearse", "Let a simulated hydra attack the service's own use cases."),
    "model": ("service.cli.model:model", "Train, evaluate and manage risk models."),
    "policy": ("service.cli.policy:policy", "Check, try, activate and roll back policies."),
    "lists": ("service.cli.lists:lists", "Keep the block, allow and exempt lists."),
    "challenges": ("service.cli.challenges:challenges", "Show the pass rates of challenges, and estimate them anew."),
    "audit": ("service.cli.audit:audit", "Seal, verify and export the audit chain."),
    "demo": ("service.cli.demo:demo", "Watch a throw-away service notice a small hydra."),
}


class _Lazy(click.Group):
    """A group that imports a command when it is called: the training libraries take seconds to load."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, meaning) for name, (_, meaning) in COMMANDS.items()])


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gatehouse", prog_name="gatehouse")
def gatehouse() -> None:
    """Score new educational and research account sign-ups, and see the network behind them.

    Settings are environment variables named GATEHOUSE_…; the README lists them. Exit codes: 0 done,
    1 refused or failed with one clear line, 2 usage.
    """


def main() -> None:
    """Run the command; refusals and failures end in one clear line and exit code 1."""
    from service.cli.refusals import REFUSALS, refusal_text  # noqa: PLC0415 - so that --help loads nothing

    try:
        # Without click's own handling of errors its exit codes come back as the result.
        sys.exit(gatehouse.main(standalone_mode=False))
    except click.Abort:
        sys.exit("gatehouse: interrupted")
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(1)
    except REFUSALS as error:
        click.echo(f"gatehouse: {refusal_text(error)}", err=True)
        sys.exit(1)
