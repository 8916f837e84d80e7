"""``gatehouse demo``: a throw-away service, a simulated hour over real HTTP, and a table of what became of whom."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import click
from rich.console import Console
from rich.table import Table

from models.signup_document import document_of_signup
from models.simulation.scenario import small_hydra
from models.simulation.truth import SimulatedSignup
from service.cli.context import console, store_of
from service.cli.progress import progress
from service.cli.throwaway import Throwaway, throwaway_service
from service.domain.decision import Decision
from service.domain.reviewer import Role
from service.usecases.manage_reviewers import ManageReviewers

CREATED = 201


@dataclass(frozen=True, slots=True)
class Told:
    """What the service said of one simulated sign-up."""

    simulated: SimulatedSignup
    decision: Decision
    reasons: tuple[str, ...]


@click.command()
@click.option("--seed", default=7, show_default=True, help="Another seed is another hour.")
@click.option(
    "--stay", is_flag=True, help="Keep the service, with a reviewer, a lead and an admin to sign in as, until Ctrl-C."
)
def demo(seed: int, stay: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Start a throw-away service, stream one simulated hour through HTTP, and say who was let in.

    Honest students (a classroom among them) and a small hydra sign up in the same hour. Nothing is left behind.
    """
    screen = console()
    screen.print("Starting a throw-away service ...", highlight=False)
    hour = small_hydra(seed=seed, start=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    with throwaway_service() as service:
        told = _stream(service, hour, screen)
        show(told, Console())
        if stay:
            _stay(service)


def _stay(service: Throwaway) -> None:
    """Let a person look at it in the console, as a reviewer, a lead or an admin, until they have seen enough."""
    store = store_of(service.settings)
    manage = ManageReviewers(store.begin)
    people = (("dana", Role.REVIEWER), ("lea", Role.LEAD), ("ada", Role.ADMIN))
    made = [manage.create(name, role, actor="demo", now=datetime.now(UTC)) for name, role in people]
    store.dispose()
    lines = [f"  {each.reviewer.role.value:9} {each.reviewer.name:5} {each.password}" for each in made]
    click.echo("\n".join(["", f"http://{service.host}:{service.port}/console", *lines, "", "Ctrl-C ends it."]))
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def _stream(service: Throwaway, hour: Sequence[SimulatedSignup], screen: Console) -> list[Told]:
    told: list[Told] = []
    with service.client() as client, progress(screen) as report:
        for done, simulated in enumerate(hour, start=1):
            status, answer = client.post("/v1/signups", document_of_signup(simulated.signup))
            if status != CREATED:
                raise click.ClickException(f"the service answered {status}: {answer.get('title')}")
            reasons = tuple(reason["code"] for reason in answer["reasons"] if (reason["contribution"] or 1) > 0)
            told.append(Told(simulated, Decision(answer["decision"]), reasons))
            report("sign-ups over HTTP", done, len(hour))
    return told


def show(told: Sequence[Told], screen: Console) -> None:
    """Print the tables: who was let in, how soon the hydra was noticed, and by what."""
    hydra = [each for each in told if each.simulated.truth.fraud]
    honest = [each for each in told if not each.simulated.truth.fraud]
    screen.print(_decisions(("honest people", honest), ("hydra accounts", hydra)))
    screen.print(_sixths(told))
    noticed = next((place for place, each in enumerate(hydra) if each.decision is not Decision.ALLOW), None)
    if noticed is None:
        screen.print("The hydra was not noticed within the hour.")
        return
    first = hydra[noticed].simulated.signup.occurred_at - hydra[0].simulated.signup.occurred_at
    later = hydra[noticed + 1 :]
    stopped = sum(each.decision is not Decision.ALLOW for each in later)
    screen.print(
        f"The hydra was noticed at its account number {noticed + 1}, {_minutes(first)} after its first; "
        f"{stopped} of the {len(later)} after it were asked for proof, held or refused."
    )
    common = Counter(code for each in hydra if each.decision is not Decision.ALLOW for code in set(each.reasons))
    screen.print("Most common reasons: " + ", ".join(f"{code} ({count})" for code, count in common.most_common(5)))


def _decisions(*groups: tuple[str, Sequence[Told]]) -> Table:
    table = Table(title="Who was let in")
    table.add_column("")
    for heading in ("sign-ups", "let in", "stepped up", "held for review", "denied"):
        table.add_column(heading, justify="right")
    for name, group in groups:
        counts = Counter(each.decision for each in group)
        shares = (f"{counts[kind]} ({counts[kind] / max(1, len(group)):.0%})" for kind in Decision)
        table.add_row(name, str(len(group)), *shares)
    return table


def _sixths(told: Sequence[Told]) -> Table:
    """The hour in six parts: how many of each side were let in."""
    start = told[0].simulated.signup.occurred_at
    table = Table(title="The hour, ten minutes at a time")
    for heading in ("minutes", "honest let in", "hydra let in", "hydra stopped"):
        table.add_column(heading, justify="right")
    for part in range(6):
        lower, upper = start + timedelta(minutes=10 * part), start + timedelta(minutes=10 * (part + 1))
        inside = [each for each in told if lower <= each.simulated.signup.occurred_at < upper]
        honest = [each for each in inside if not each.simulated.truth.fraud]
        hydra = [each for each in inside if each.simulated.truth.fraud]
        let_in = sum(each.decision is Decision.ALLOW for each in hydra)
        table.add_row(
            f"{10 * part}-{10 * part + 10}",
            f"{sum(each.decision is Decision.ALLOW for each in honest)} of {len(honest)}",
            str(let_in),
            f"{len(hydra) - let_in} {'#' * ((len(hydra) - let_in) // 2)}",
        )
    return table


def _minutes(span: timedelta) -> str:
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
