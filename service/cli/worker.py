"""``gatehouse worker``: do the work that no request waits for, until told to stop."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime

import click

from service.cli.context import reference_of, settings_here, store_of
from service.jobs import jobs_of
from service.observability import configure_logging
from service.worker import Worker

LOOK_UP_EVERY_S = 0.2
"""How soon a signal is noticed; a round itself takes milliseconds."""


@click.command()
@click.option("--once", is_flag=True, help="Do one round and stop.")
@click.option("--beside", type=int, hidden=True, help="Stop when the process of this number is no longer the parent.")
def worker(once: bool, beside: int | None) -> None:  # noqa: FBT001 - click passes flags by name
    """Do the work that no request waits for, round after round: seal the audit record, roll days up and more."""
    settings = settings_here()
    configure_logging(level=settings.log_level)
    store = store_of(settings)
    work = Worker(jobs_of(store, settings, reference_of(settings)), now=lambda: datetime.now(UTC))
    if once:
        click.echo(", ".join(f"{count:,} {name}" for name, count in work.round().items()))
        return
    work.run(wait=_Patience(beside))


class _Patience:
    """Waits between two rounds, and ends the waiting on SIGTERM, on SIGINT, or when the service beside is gone.

    The handler sets a plain flag: anything with a lock inside deadlocks when a second signal interrupts the first.
    """

    def __init__(self, beside: int | None) -> None:
        self._beside = beside
        self._told = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)

    def __call__(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self._over() and time.monotonic() < until:
            time.sleep(LOOK_UP_EVERY_S)
        return self._over()

    def _tell(self, *_: object) -> None:
        self._told = True

    def _over(self) -> bool:
        return self._told or (self._beside is not None and os.getppid() != self._beside)
