"""``gatehouse lists``: keep the block, allow and exempt lists."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import click

from models.reference.reference import Reference
from service.cli.actor import by_option
from service.cli.context import reference_of, settings_here, store_of
from service.domain.ids import uuid7
from service.domain.standing import ListName
from service.usecases.keep_lists import KeepLists, NewEntry, end_of_day
from service.usecases.listed_values import LISTED_KINDS

_LIST = click.argument("list_name", metavar="LIST", type=click.Choice([name.value for name in ListName]))
_PAGE = 500


@click.group()
def lists() -> None:
    """Keep the block, allow and exempt lists."""


@lists.command()
@_LIST
@click.argument("kind", type=click.Choice([kind.value for kind in LISTED_KINDS]))
@click.argument("value")
@click.option("--reason", required=True, help="Why it is listed; no personal data.")
@click.option("--owner", required=True, help="Who answers for the entry.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it holds.")
@by_option
def add(*, list_name: str, kind: str, value: str, reason: str, owner: str, expires: datetime | None, by: str) -> None:
    """Put one value on a list; the entry's id is printed, alone, on standard output."""
    expires_at = None if expires is None else end_of_day(expires.date())
    new = NewEntry(kind=kind, value=value, reason=reason, owner=owner, expires_at=expires_at)
    click.echo(_keeper().add(ListName(list_name), new, actor=by, now=datetime.now(UTC)).id)


@lists.command("import")
@_LIST
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--owner", help="Who answers for lines that name nobody.")
@by_option
def import_file(list_name: str, file: Path, owner: str | None, by: str) -> None:
    """Put the values of a CSV FILE (kind, value, reason, owner, expires) on a list, and report every bad line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            done = _keeper().load(ListName(list_name), lines, owner=owner, actor=by, now=datetime.now(UTC))
    except UnicodeDecodeError:
        raise click.ClickException(f"{file.name} is not text in UTF-8") from None
    for bad in done.bad:
        click.echo(f"line {bad.line}: {bad.problem}", err=True)
    click.echo(f"{done.added:,} added, {len(done.bad):,} lines left out")
    if done.bad:
        raise click.ClickException(f"{len(done.bad):,} lines were left out")


@lists.command()
@_LIST
@click.argument("entry_id")
@by_option
def remove(list_name: str, entry_id: str, by: str) -> None:
    """Take an entry off a list; running workers notice within seconds."""
    _keeper().remove(ListName(list_name), entry_id, actor=by, now=datetime.now(UTC))
    click.echo(f"{entry_id} is no longer on the {list_name} list")


@lists.command("list")
@_LIST
@by_option
def list_entries(list_name: str, by: str) -> None:
    """List the entries of a list, newest first: id, kind, value, owner, end and reason. The reading is audited."""
    keeper, before = _keeper(), None
    while True:
        page = keeper.page(ListName(list_name), before=before, limit=_PAGE, actor=by, now=datetime.now(UTC))
        for each in page:
            until = "for good" if each.expires_at is None else f"until {each.expires_at:%Y-%m-%d %H:%M}Z"
            click.echo(f"{each.id}  {each.kind.value}  {each.value}  {each.owner}  {until}  {each.reason}")
        if len(page) < _PAGE:
            return
        before = page[-1].id


def _keeper() -> KeepLists:
    settings = settings_here()

    @cache
    def reference() -> Reference:
        return reference_of(settings)

    return KeepLists(store_of(settings).begin, reference, lambda now: uuid7(now, secrets.randbits(74)))
