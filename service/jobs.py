"""Every job of the worker, made from the service's parts."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from service.config import Settings
from service.domain.ids import uuid7
from service.metrics import Metrics
from service.storage.sql.store import SqlStore
from service.usecases.deliver_event import DeliverEvent
from service.usecases.end_probations import EndProbations
from service.webhooks.rounds import DeliveryRounds
from service.webhooks.sender import Sender
from service.worker import Job, housekeeping

RECORDED_WITHIN = timedelta(seconds=5)
"""How long the record of an attempt may wait for the database before somebody else makes the attempt again."""


def jobs_of(store: SqlStore) -> tuple[Job, ...]:
    """The jobs in the order of a round: what keeps promises first, what can wait last."""
    return (
        Job("probations ended", EndProbations(store.begin, _new_id)),
        *housekeeping(store.begin, checkpoint=store.checkpoint),
    )


def delivery_of(
    store: SqlStore, settings: Settings, metrics: Metrics, *, stopping: Callable[[], bool] = lambda: False
) -> Job:
    """The delivery of webhooks: a job with a rhythm of its own, because receivers are slower than databases.

    Nothing new is begun once ``stopping`` answers true.
    """

    def clock() -> datetime:
        return datetime.now(UTC)

    send = Sender(
        private_allowed=settings.webhook_private_addresses,
        timeout_s=settings.webhook_timeout_s,
        user_agent=f"Gatehouse/{version('gatehouse')}",
    )
    rounds = DeliveryRounds(
        begin=store.begin,
        deliver=DeliverEvent(begin=store.begin, send=send, clock=clock, chance=random.SystemRandom().random),
        clock=clock,
        lease=timedelta(seconds=settings.webhook_timeout_s) + RECORDED_WITHIN,
        count=metrics.attempted,
        stopping=stopping,
    )
    return Job("events delivered", lambda _: rounds())


def _new_id(now: datetime) -> str:
    return uuid7(now, secrets.randbits(74))
