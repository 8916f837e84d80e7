"""``gatehouse worker``: do the work that no request waits for, until told to stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import UTC, datetime

import click

from service.cli.collecting import loaded
from service.cli.context import reference_of, settings_here, store_of
from service.jobs import delivery_of, jobs_of
from service.metrics import Metrics
from service.observability import configure_logging
from service.worker import Worker

LOOK_UP_EVERY_S = 0.2
"""How soon a signal is noticed; a round itself takes milliseconds."""

DELIVER_EVERY_S = 0.4
"""How long an event waits for the next round of deliveries at most."""


@click.command()
@click.option("--once", is_flag=True, help="Do one round and stop.")
@click.option("--beside", type=int, hidden=True, help="Stop when the process of this number is no longer the parent.")
def worker(once: bool, beside: int | None) -> None:  # noqa: FBT001 - click passes flags by name
    """Do the work that no request waits for, round after round: seal the audit record, deliver events and more."""
    settings = settings_here()
    configure_logging(level=settings.log_level)
    store, metrics = store_of(settings), Metrics()
    jobs = jobs_of(store, settings, reference_of(settings))
    loaded()
    if once:
        done = Worker((*jobs, delivery_of(store, settings, metrics)), now=_now).round()
        click.echo(", ".join(f"{count:,} {name}" for name, count in done.items()))
        return
    if settings.worker_metrics_bind is not None:
        host, _, port = settings.worker_metrics_bind.rpartition(":")
        metrics.serve(host.strip("[]"), int(port))
    patience = _Patience(beside)
    deliveries = Worker((delivery_of(store, settings, metrics, stopping=patience.over),), now=_now)
    delivering = threading.Thread(
        target=deliveries.run, kwargs={"wait": patience, "every_s": DELIVER_EVERY_S}, name="deliveries"
    )
    delivering.start()
    Worker(jobs, now=_now).run(wait=patience)
    # What is on its way is not cut off: the receiver has it, and only its record is missing.
    delivering.join()
    patience.end()


def _now() -> datetime:
    return datetime.now(UTC)


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
        while not self.over() and time.monotonic() < until:
            time.sleep(LOOK_UP_EVERY_S)
        return self.over()

    def end(self) -> None:
        """Deaf from now on: at its end the interpreter puts the default back, by which one more signal kills it."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)

    def _tell(self, *_: object) -> None:
        self._told = True

    def over(self) -> bool:
        """Whether it is time to stop."""
        return self._told or (self._beside is not None and os.getppid() != self._beside)
