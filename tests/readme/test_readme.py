"""The README's tables are the code's: settings, commands, decisions, reasons, endpoints and make targets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from models.reasons import REASONS
from service.api.operations import OPERATIONS
from service.cli import gatehouse
from service.config import PREFIX, SETTINGS
from service.domain.decision import Decision
from service.domain.event import EventType

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose header row starts with a heading."""
    _, _, table = README.partition(f"| {heading} |")
    lines = table.splitlines()[2:]
    return [
        [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        for line in lines[: next(place for place, line in enumerate(lines) if not line.startswith("|"))]
    ]


def commands(group: click.Group, path: str) -> Iterator[tuple[str, str]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command.get_short_help_str(limit=200)


def test_every_setting_is_documented_with_its_default_and_nothing_else() -> None:
    documented = {cells[0].strip("`"): cells[1:] for cells in rows("setting")}

    assert documented == {PREFIX + each.name: [each.default, each.meaning] for each in SETTINGS}


def test_every_command_is_documented_in_its_own_words_and_nothing_else() -> None:
    documented = {cells[0].strip("`"): cells[1] for cells in rows("command")}

    assert documented == dict(commands(gatehouse, "gatehouse"))


def test_every_decision_is_explained_mildest_first() -> None:
    assert [cells[0].strip("`") for cells in rows("decision")] == [decision.value for decision in Decision]


def test_every_reason_is_listed_with_its_group_and_sentence() -> None:
    listed = [tuple(cells) for cells in rows("code")]

    assert listed == [(f"`{reason.code}`", reason.group.value, reason.raises) for reason in REASONS]


@pytest.mark.parametrize("declared", OPERATIONS, ids=lambda declared: declared.operation.value)
def test_every_endpoint_is_named(declared: object) -> None:
    assert f"`{declared.method} {declared.path}`" in README  # type: ignore[attr-defined]  # parametrised by pytest


def test_every_event_is_explained() -> None:
    explained = [name for cells in rows("event") for name in re.findall("`([a-z.]+)`", cells[0])]

    assert explained == [event_type.value for event_type in EventType]


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))

    assert set(re.findall(r"(?:`|\$ )make ([a-z-]+)", page.read_text(encoding="utf-8"))) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_heading_linked_exists(page: Path) -> None:
    for target in re.findall(r"\]\(([^):]+)\)", page.read_text(encoding="utf-8")):
        file, _, heading = target.partition("#")
        linked = page.parent / file if file else page
        assert linked.exists(), target
        assert not heading or heading in headings(linked), target


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings: small letters, hyphens for blanks, no other signs."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_every_page_of_the_docs_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(docs/([a-z-]+\.md)", README))

    assert {page.name for page in PAGES[1:]} <= linked
