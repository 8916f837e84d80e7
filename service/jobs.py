"""Every job of the worker, made from the service's parts."""

from __future__ import annotations

import secrets
from datetime import datetime

from service.domain.ids import uuid7
from service.storage.sql.store import SqlStore
from service.usecases.watch_attacks import WatchAttacks
from service.worker import Job, housekeeping


def jobs_of(store: SqlStore) -> tuple[Job, ...]:
    """The jobs in the order of a round: what keeps promises first, what can wait last."""
    return (
        *housekeeping(store.begin, checkpoint=store.checkpoint),
        # Follows the seals of the audit record, so it comes after the sealing.
        Job("attacks started or ended", WatchAttacks(store.begin, _new_id)),
    )


def _new_id(now: datetime) -> str:
    return uuid7(now, secrets.randbits(74))
