"""``gatehouse model``: train, evaluate and manage risk models."""

from __future__ import annotations

import click

from models import registry
from models.card import Card
from service.cli.context import settings_here
from service.cli.learning import BASELINE, CATALOGUE, evaluate, sweep, train
from service.config import Settings


@click.group()
def model() -> None:
    """Train, evaluate and manage risk models."""


model.add_command(train)
model.add_command(evaluate)
model.add_command(sweep)


@model.command("list")
def list_models() -> None:
    """List the registry's models; the active one is marked."""
    settings = settings_here()
    active = registry.active(settings.model_dir).version
    marked = [("*" if active is None else " ", registry.baseline_card())]
    marked += [("*" if card.version == active else " ", card) for card in registry.list_cards(settings.model_dir)]
    for mark, card in marked:
        click.echo(f"{mark} {card.version}  {card.created:%Y-%m-%d %H:%M}Z  {card.model_sha256[:12]}  {card.summary}")


@model.command()
@click.argument("version")
def show(version: str) -> None:
    """Print a model's card in words; `baseline` is the shipped one."""
    for line in _card(settings_here(), version).lines():
        click.echo(line)


@model.command()
@click.argument("version")
def promote(version: str) -> None:
    """Make a version score; running workers notice within seconds."""
    card = registry.promote(settings_here().model_dir, version, catalogue=CATALOGUE)
    click.echo(f"{card.version} scores now")


@model.command()
def rollback() -> None:
    """Go back to the model that scored before."""
    card = registry.rollback(settings_here().model_dir, catalogue=CATALOGUE)
    click.echo(f"{card.version} scores again")


def _card(settings: Settings, version: str) -> Card:
    return registry.baseline_card() if version == BASELINE else registry.card_of(settings.model_dir, version)
