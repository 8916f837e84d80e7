"""``gatehouse worker``: do the work that no request waits for, until told to stop."""

from __future__ import annotations

import os
import signal
import threading
from datetime import UTC, datetime

import click

from service.cli.context import settings_here, store_of
from service.observability import configure_logging
from service.worker import Worker


@click.command()
@click.option("--once", is_flag=True, help="Do one round and stop.")
@click.option("--beside", type=int, hidden=True, help="Stop when the process of this number is no longer the parent.")
def worker(once: bool, beside: int | None) -> None:  # noqa: FBT001 - click passes flags by name
    """Seal the audit record, forget old Idempotency-Keys and roll finished days up, round after round."""
    settings = settings_here()
    configure_logging(level=settings.log_level)
    store = store_of(settings)
    work = Worker(store.begin, now=lambda: datetime.now(UTC), checkpoint=store.checkpoint)
    if once:
        done = work.round()
        click.echo(
            f"{done.sealed} audit entries sealed, {done.forgotten} Idempotency-Keys forgotten, "
            f"{done.rolled_up} days rolled up"
        )
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def wait(seconds: float) -> bool:
        return stop.wait(seconds) or (beside is not None and os.getppid() != beside)

    work.run(wait=wait)
