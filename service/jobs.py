"""Every job of the worker, made from the service's parts."""

from __future__ import annotations

import time

from models.reference.reference import Reference
from service.app import new_id
from service.config import Settings
from service.step_up import step_up_parts
from service.storage.sql.store import SqlStore
from service.usecases.in_force import PolicyInForce
from service.worker import Job, housekeeping


def jobs_of(store: SqlStore, settings: Settings, reference: Reference) -> tuple[Job, ...]:
    """The jobs in the order of a round: what keeps promises first, what can wait last."""
    return (
        *step_up_jobs(store, settings, reference),
        *housekeeping(store.begin, checkpoint=store.checkpoint),
    )


def step_up_jobs(store: SqlStore, settings: Settings, reference: Reference) -> tuple[Job, ...]:
    """What step-up leaves to the worker."""
    policy = PolicyInForce(store.begin, time.monotonic)
    parts = step_up_parts(settings, begin=store.begin, policy=policy, reference=reference, new_id=new_id)
    jobs = [Job("challenges expired", parts.expire), Job("pass rates estimated", parts.estimate)]
    if parts.send_codes is not None:
        jobs[:0] = [Job("codes sent", parts.send_codes), Job("mails forgotten", parts.send_codes.forget)]
    return tuple(jobs)
