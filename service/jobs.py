"""Every job of the worker, made from the service's parts."""

from __future__ import annotations

from service.storage.sql.store import SqlStore
from service.usecases.tend_cases import TendCases
from service.worker import Job, housekeeping


def jobs_of(store: SqlStore) -> tuple[Job, ...]:
    """The jobs in the order of a round: what keeps promises first, what can wait last."""
    tend = TendCases(store.begin)
    return (
        Job("cases given back", tend.give_back),
        Job("overdue cases made louder", tend.make_louder),
        *housekeeping(store.begin, checkpoint=store.checkpoint),
    )
