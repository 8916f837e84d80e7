"""``gatehouse webhooks``: the endpoints of a sign-up flow, and what was sent to them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import click

from service.cli.context import settings_here, store_of
from service.domain.event import EventType
from service.domain.ids import uuid7
from service.domain.webhook import SUBSCRIBABLE, DeliveryState, shown_secret
from service.usecases.ports_webhooks import Wanted
from service.usecases.webhook_endpoints import LONGEST_OVERLAP, OVERLAP, Change, WebhookEndpoints

_ACTOR = "cli"


@click.group()
def webhooks() -> None:
    """Tell a sign-up flow what happens: its endpoints and deliveries."""


@webhooks.command()
@click.argument("url")
@click.option("--owner", required=True, help="Whose events are sent; the owner of the API key that signs people up.")
@click.option(
    "--event", "events", multiple=True, type=click.Choice([each.value for each in SUBSCRIBABLE]), help="All by default."
)
@click.option("--description", default="", help="Shown in lists.")
def add(url: str, owner: str, events: tuple[str, ...], description: str) -> None:
    """Send an owner's events to URL; print the endpoint's id and its secret, which is shown this once."""
    endpoint = _endpoints().add(
        owner=owner,
        url=url,
        description=description,
        events=[EventType(each) for each in events] or None,
        actor=_ACTOR,
        now=_now(),
    )
    click.echo(f"{endpoint.id}\n{shown_secret(endpoint.secrets[0].value)}")


@webhooks.command("list")
@click.option("--owner", help="Of one owner only.")
def list_endpoints(owner: str | None) -> None:
    """List the endpoints: id, owner, state, event types, URL, description."""
    for each in _endpoints().all(owner=owner):
        state = "active" if each.active else "paused"
        events = "all" if each.events is None else ",".join(sorted(each.events))
        click.echo(f"{each.id}  {each.owner}  {state}  {events}  {each.url}  {each.description}".rstrip())


@webhooks.command()
@click.argument("endpoint_id")
@click.option(
    "--overlap-hours",
    default=OVERLAP / timedelta(hours=1),
    show_default=True,
    type=click.FloatRange(0, LONGEST_OVERLAP / timedelta(hours=1)),
    help="How long the secret before it still signs too.",
)
def rotate(endpoint_id: str, overlap_hours: float) -> None:
    """Give an endpoint a new secret and print it, alone, on standard output; it is shown this once."""
    overlap = timedelta(hours=overlap_hours)
    endpoint = _endpoints().rotate(endpoint_id, overlap=overlap, owner=None, actor=_ACTOR, now=_now())
    click.echo(shown_secret(endpoint.secrets[0].value))


@webhooks.command()
@click.argument("endpoint_id")
def test(endpoint_id: str) -> None:
    """Send an event of the type webhook.test to an endpoint; print the event's id."""
    click.echo(_endpoints().test(endpoint_id, owner=None, actor=_ACTOR, now=_now()).id)


@webhooks.command()
@click.argument("endpoint_id")
@click.option("--state", type=click.Choice([each.value for each in DeliveryState]), help="`dead` for the dead letters.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many, newest first.")
def deliveries(endpoint_id: str, state: str | None, limit: int) -> None:
    """List deliveries, newest first: event id, type, state, attempts, when queued, what the last attempt came to."""
    wanted = Wanted(state=None if state is None else DeliveryState(state))
    for each in _endpoints().deliveries(endpoint_id, wanted, owner=None, limit=limit):
        parts = [each.event_id, each.type, each.state, f"{each.attempts} attempts", f"{each.queued_at:%Y-%m-%d %H:%M}Z"]
        if each.failure is not None:
            parts.append(each.failure)
        if each.status is not None:
            parts.append(f"HTTP {each.status}")
        if each.next_try_at is not None:
            parts.append(f"next {each.next_try_at:%Y-%m-%d %H:%M:%S}Z")
        click.echo("  ".join(parts))


@webhooks.command()
@click.argument("endpoint_id")
@click.option("--event", "events", multiple=True, help="The id of one event, delivered or dead; may be repeated.")
@click.option("--delivered", is_flag=True, help="What was delivered, in place of the dead letters.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="Queued at this time (UTC) or later."
)
def replay(endpoint_id: str, events: tuple[str, ...], delivered: bool, since: datetime | None) -> None:  # noqa: FBT001 - click passes flags by name
    """Send deliveries again, with their first id: all dead letters unless told otherwise."""
    state = DeliveryState.DELIVERED if delivered else DeliveryState.DEAD
    wanted = Wanted(
        state=None if events else state,
        event_ids=events or None,
        queued_from=None if since is None else since.replace(tzinfo=UTC),
    )
    replayed = _endpoints().replay(endpoint_id, wanted, owner=None, actor=_ACTOR, now=_now())
    click.echo(f"{replayed:,} deliveries are on their way again")


@webhooks.command()
@click.argument("endpoint_id")
def pause(endpoint_id: str) -> None:
    """Let the deliveries to an endpoint wait, for 30 days at most."""
    _endpoints().change(endpoint_id, Change(active=False), owner=None, actor=_ACTOR, now=_now())
    click.echo(f"{endpoint_id} is paused")


@webhooks.command()
@click.argument("endpoint_id")
def resume(endpoint_id: str) -> None:
    """Deliver to an endpoint that was paused, by a person or because it answered 410."""
    _endpoints().change(endpoint_id, Change(active=True), owner=None, actor=_ACTOR, now=_now())
    click.echo(f"{endpoint_id} is active")


@webhooks.command()
@click.argument("endpoint_id")
def remove(endpoint_id: str) -> None:
    """End an endpoint and its deliveries, those that are still waiting too."""
    _endpoints().remove(endpoint_id, owner=None, actor=_ACTOR, now=_now())
    click.echo(f"{endpoint_id} is removed")


def _endpoints() -> WebhookEndpoints:
    settings = settings_here()
    return WebhookEndpoints(
        begin=store_of(settings).begin,
        new_id=lambda now: uuid7(now, secrets.randbits(74)),
        random_bytes=secrets.token_bytes,
        private_allowed=settings.webhook_private_addresses,
    )


def _now() -> datetime:
    return datetime.now(UTC)
