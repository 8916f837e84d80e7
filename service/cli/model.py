"""``gatehouse model``: train, evaluate and manage risk models."""

from __future__ import annotations

import click

from models import registry
from models.card import Card
from service.cli.context import settings_here
from service.cli.evaluating import evaluate
from service.cli.promotion import promote, rollback
from service.cli.retraining import retrain
from service.cli.shadowing import compare, drift, shadow
from service.cli.sweeping import sweep
from service.cli.training import train
from service.cli.verification import rebuild, verify
from service.config import Settings


@click.group()
def model() -> None:
    """Train, evaluate and manage risk models."""


model.add_command(train)
model.add_command(evaluate)
model.add_command(sweep)
model.add_command(promote)
model.add_command(rollback)
model.add_command(verify)
model.add_command(rebuild)
model.add_command(retrain)
model.add_command(shadow)
model.add_command(compare)
model.add_command(drift)


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


def _card(settings: Settings, version: str) -> Card:
    return registry.baseline_card() if version == registry.BASELINE else registry.card_of(settings.model_dir, version)
