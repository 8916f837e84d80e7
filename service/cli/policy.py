"""``gatehouse policy``: check, try, activate and roll back policies."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from service.cli.actor import by_option
from service.cli.backtest_report import backtest_table, write_backtest
from service.cli.context import console, settings_here, store_of
from service.cli.outcome_files import outcomes_of
from service.cli.policy_advice import advise
from service.cli.policy_text import whole_text
from service.cli.progress import progress
from service.domain.policy import Policy, default_policy_text, parse_policy
from service.usecases.backtest import BackTest
from service.usecases.policy_versions import PolicyVersions, policy_of
from service.usecases.ports_decisions import Period

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])
BECAUSE = click.option("--reason", required=True, help="Why, for those who come later.")


@click.group()
def policy() -> None:
    """Check, try, activate and roll back policies."""


@policy.command()
@click.argument("document", type=FILE)
def check(document: Path) -> None:
    """Say what is wrong with a policy document, or that nothing is."""
    parsed = policy_of_file(document)
    click.echo(f"{document.name} is a valid policy with {len(parsed.document.rules)} rules")


@policy.command()
@click.argument("version", type=click.IntRange(min=1), required=False)
@click.option("--whole", is_flag=True, help="With every key that the document leaves to the shipped values.")
def show(*, version: int | None, whole: bool) -> None:
    """Print the policy document in force, or that of a version."""
    store = store_of(settings_here())
    with store.begin() as work:
        found = work.policies.active()
    if version is not None:
        found = PolicyVersions(store.begin).get(version).version
    if whole:
        click.echo(whole_text(policy_of(found).document), nl=False)
        return
    if version is not None and found is not None:
        click.echo(found.document, nl=False)
        return
    if found is None:
        click.echo("# no policy is recorded yet: the shipped one is in force\n" + default_policy_text(), nl=False)
    else:
        click.echo(f"# version {found.version}, by {found.created_by}: {found.reason}\n{found.document}", nl=False)


@policy.command("list")
def list_versions() -> None:
    """List the versions: number, state, when added, by whom and why; then which came into force when."""
    versions = PolicyVersions(store_of(settings_here()).begin)
    for view in versions.all():
        tried = "" if view.backtest is None else f", back-tested {view.backtest.at:%Y-%m-%d %H:%M}Z"
        once = "draft" if view.version.activated_at is None else "was in force"
        state = "in force" if view.in_force else once
        added = f"{view.version.created_at:%Y-%m-%d %H:%M}Z"
        click.echo(
            f"{view.version.version:>3}  {state}{tried}  {added}  {view.version.created_by}  {view.version.reason}"
        )
    for each in versions.history():
        how = "activated" if each.rolled_back is None else f"taken up again in place of {each.rolled_back}"
        click.echo(f"  {each.at:%Y-%m-%d %H:%M}Z  version {each.version} {how} by {each.by}: {each.reason}")


@policy.command()
@click.argument("document", type=FILE)
@BECAUSE
@by_option
def add(document: Path, reason: str, by: str) -> None:
    """Record a policy document as a draft; its number is printed, alone, on standard output."""
    versions = PolicyVersions(store_of(settings_here()).begin)
    view = versions.add(_text_of(document), reason=reason, actor=by, now=datetime.now(UTC))
    click.echo(view.version.version)


@policy.command()
@click.argument("new")
@click.option("--since", type=DAY, help="Decisions from that day on; all of them unless given.")
@click.option("--until", type=DAY, help="Decisions before that day.")
@click.option("--outcomes", type=FILE, help="JSON lines of signup_id and label (fraud or legitimate).")
@click.option("--report", type=NEW_FILE, help="Write the table and plots, as one self-contained page.")
@by_option
def backtest(
    *, new: str, since: datetime | None, until: datetime | None, outcomes: Path | None, report: Path | None, by: str
) -> None:
    """Replay recorded decisions under NEW (a version, or a document not recorded yet) and say what would change.

    Only the back-test of a version is recorded, and lets it be activated.
    """
    store = store_of(settings_here())
    now = datetime.now(UTC)
    test = BackTest(store.begin, outcomes_of(outcomes))
    period = Period(since=_utc(since), before=_utc(until))
    with progress(console()) as shown:
        if new.isdecimal():
            record, comparison = test(int(new), period, actor=by, now=now, progress=shown)
            large = record.large
        else:
            tried = policy_of_file(_existing(new))
            with store.begin() as work:
                in_force = policy_of(work.policies.active())
            comparison = test.compare(tried, in_force, period, now=now, progress=shown)
            large = comparison.large(in_force.document.approval)
    Console(width=None if sys.stdout.isatty() else 100).print(backtest_table(comparison))
    if report is not None:
        write_backtest(report, comparison, large)
        click.echo(f"the report is {report}")
    for each in large:
        click.echo(f"large change, which needs a second person: {each}")


@policy.command()
@click.argument("version", type=click.IntRange(min=1))
@BECAUSE
@by_option
def activate(version: int, reason: str, by: str) -> None:
    """Bring a back-tested version into force; running workers notice within seconds."""
    PolicyVersions(store_of(settings_here()).begin).activate(version, reason=reason, actor=by, now=datetime.now(UTC))
    click.echo(f"version {version} is in force")


@policy.command()
@BECAUSE
@by_option
def rollback(reason: str, by: str) -> None:
    """Go back to the version that was in force before, at once."""
    versions = PolicyVersions(store_of(settings_here()).begin)
    view = versions.roll_back(None, reason=reason, actor=by, now=datetime.now(UTC))
    click.echo(f"version {view.version.version} is in force again")


policy.add_command(advise)


def policy_of_file(document: Path | None) -> Policy:
    """The policy that a file holds, the shipped one where there is none."""
    if document is None:
        return parse_policy(default_policy_text(), version=0)
    return parse_policy(_text_of(document), version=0)


def _text_of(document: Path) -> str:
    try:
        return document.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise click.ClickException(f"{document.name} is not text in UTF-8") from None


def _existing(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise click.UsageError(f"{name!r} is neither the number of a version nor a file")
    return path


def _utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)
