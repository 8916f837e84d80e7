"""Every job of the worker, made from the service's parts."""

from __future__ import annotations

import time

from models.features.catalogue import FEATURES
from service.config import Settings
from service.storage.sql.store import SqlStore
from service.usecases.drift import MeasureDrift
from service.usecases.in_force import PolicyInForce
from service.usecases.shadow import ScoreShadows
from service.worker import Job, housekeeping


def jobs_of(store: SqlStore, settings: Settings) -> tuple[Job, ...]:
    """The jobs in the order of a round: what keeps promises first, what can wait last."""
    return (*housekeeping(store.begin, checkpoint=store.checkpoint), *learning(store, settings))


def learning(store: SqlStore, settings: Settings) -> tuple[Job, ...]:
    """Challengers in the shadow follow the seals of the audit record, so they come after the sealing; drift last."""
    catalogue = [feature.name for feature in FEATURES]
    policy = PolicyInForce(store.begin, time.monotonic)
    shadows = ScoreShadows(store.begin, settings.model_dir, catalogue, policy)
    return (
        Job("decisions scored in the shadow", shadows),
        Job("drift measurements", MeasureDrift(store.begin, settings.model_dir, catalogue).when_due),
    )
