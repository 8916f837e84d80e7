"""Every job of the worker, made from the service's parts."""

from __future__ import annotations

import random
import time

from models.features.catalogue import FEATURES
from models.reference.reference import Reference
from service.app import new_id
from service.config import Settings
from service.storage.sql.store import SqlStore
from service.usecases.carry_out import CarryOut
from service.usecases.cluster_cases import NoCases
from service.usecases.in_force import ModelInForce, PolicyInForce
from service.usecases.judge import Judge
from service.usecases.judge_clusters import JudgeClusters
from service.usecases.look_back import LookBack
from service.usecases.recognise_shared import RecogniseShared
from service.usecases.settle_clusters import SettleClusters
from service.worker import Job, housekeeping


def jobs_of(store: SqlStore, settings: Settings, reference: Reference) -> tuple[Job, ...]:
    """The jobs in the order of a round: what keeps promises first, what can wait last."""
    return (
        *cluster_jobs(store, settings, reference),
        *housekeeping(store.begin, checkpoint=store.checkpoint),
    )


def cluster_jobs(store: SqlStore, settings: Settings, reference: Reference) -> tuple[Job, ...]:
    """What is done about clusters: first they are put together, then judged, then the judgement is carried out."""
    policy = PolicyInForce(store.begin, time.monotonic)
    model = ModelInForce(settings.model_dir, [feature.name for feature in FEATURES], time.monotonic)
    judge = Judge(reference=reference, model=model, policy=policy, new_id=new_id)
    chance, cases = random.SystemRandom().random, NoCases()
    return (
        Job("sign-ups brought together", SettleClusters(store.begin, reference)),
        Job("guards changed", RecogniseShared(store.begin, policy)),
        Job("clusters judged", JudgeClusters(store.begin, policy, cases, new_id)),
        Job("contained accounts looked at again", CarryOut(store.begin, judge, chance)),
        Job("bans looked back from", LookBack(store.begin, judge, cases, chance)),
    )
