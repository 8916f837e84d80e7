"""Every job of the worker, made from the service's parts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from models.features.catalogue import FEATURES
from models.reference.reference import Reference
from service.app import new_id
from service.config import Settings
from service.connections import CasesOfWorker, RecordedOutcomes
from service.metrics import Metrics
from service.step_up import step_up_parts
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.store import SqlStore
from service.usecases.ask_again import AskAgain
from service.usecases.ask_branches import AskBranches
from service.usecases.carry_out import BATCH, BATCH_ON_A_SERVER, CarryOut
from service.usecases.deliver_event import DeliverEvent
from service.usecases.divide_guarded import DivideGuarded
from service.usecases.doubt_alone import DoubtAlone
from service.usecases.draw_likeness import DrawLikeness
from service.usecases.drift import MeasureDrift
from service.usecases.end_probations import EndProbations
from service.usecases.gather_cases import GatherCases
from service.usecases.guard_exempted import GuardExempted
from service.usecases.in_force import ModelInForce, PolicyInForce
from service.usecases.judge import Judge
from service.usecases.judge_clusters import JudgeClusters
from service.usecases.known_labels import KnownLabels
from service.usecases.lists_in_force import ListsInForce
from service.usecases.look_back import LookBack
from service.usecases.put_off_corrections import TakeUpCorrections
from service.usecases.recognise_shared import RecogniseShared
from service.usecases.second_look import SecondLook
from service.usecases.settle_clusters import SettleClusters
from service.usecases.shadow import ScoreShadows
from service.usecases.tell_consequence import TellConsequence
from service.usecases.tend_cases import TendCases
from service.usecases.undo_bans import UndoBans
from service.usecases.watch_attacks import WatchAttacks
from service.webhooks.rounds import DeliveryRounds
from service.webhooks.sender import Sender
from service.worker import Job, housekeeping

RECORDED_WITHIN = timedelta(seconds=5)
"""How long the record of an attempt may wait for the database before somebody else makes the attempt again."""


def jobs_of(store: SqlStore, settings: Settings, reference: Reference) -> tuple[Job, ...]:
    """The jobs in the order of a round: what keeps promises first, what can wait last."""
    tend, policy = TendCases(store.begin), PolicyInForce(store.begin, time.monotonic)
    outcomes = RecordedOutcomes(store.begin, policy)
    return (
        Job("cases given back", tend.give_back, prompt=True),
        Job("overdue cases made louder", tend.make_louder),
        Job("probations ended", EndProbations(store.begin, new_id, outcomes)),
        *step_up_jobs(store, settings, reference),
        *cluster_jobs(store, settings, reference, policy),
        # Follows what is united and settled, so that each case is gathered once.
        Job("cases gathered by cluster", GatherCases(store.begin)),
        *housekeeping(store.begin, checkpoint=store.checkpoint),
        # Follows the seals of the audit record, so it comes after the sealing.
        Job("attacks started or ended", WatchAttacks(store.begin, new_id)),
        *learning_jobs(store, settings, policy),
        Job("records passed over that do not open", lambda _: store.newly_unopened()),
    )


def learning_jobs(store: SqlStore, settings: Settings, policy: PolicyInForce) -> tuple[Job, ...]:
    """Challengers in the shadow follow the seals of the audit record, so they come after the sealing; drift last."""
    catalogue = [feature.name for feature in FEATURES]
    said = KnownLabels(store.begin, policy).said
    shadows = ScoreShadows(store.begin, settings.model_dir, catalogue, policy)
    return (
        Job("decisions scored in the shadow", shadows),
        Job("drift measurements", MeasureDrift(store.begin, settings.model_dir, catalogue, said).when_due),
    )


def judge_of(store: SqlStore, settings: Settings, reference: Reference, policy: PolicyInForce) -> Judge:
    """Whoever judges again does it as a request is judged."""
    pseudonyms = Pseudonyms((key.version, key.key) for key in settings.pseudonym_keys)
    return Judge(
        reference=reference,
        model=ModelInForce(settings.model_dir, [feature.name for feature in FEATURES], time.monotonic),
        policy=policy,
        new_id=new_id,
        lists=ListsInForce(store.begin, pseudonyms.digests, time.monotonic),
        chance=random.SystemRandom().random,
    )


def second_look_of(store: SqlStore, settings: Settings, reference: Reference) -> SecondLook:
    """Looks again at accounts that were let in."""
    policy = PolicyInForce(store.begin, time.monotonic)
    ask_again = ask_again_of(store, settings, reference, policy)
    return SecondLook(store.begin, judge_of(store, settings, reference, policy), ask_again)


def ask_again_of(store: SqlStore, settings: Settings, reference: Reference, policy: PolicyInForce) -> AskAgain:
    """Asks for proofs after a later look."""
    return AskAgain(step_up_parts(settings, begin=store.begin, policy=policy, reference=reference, new_id=new_id).plan)


def cluster_jobs(store: SqlStore, settings: Settings, reference: Reference, policy: PolicyInForce) -> tuple[Job, ...]:
    """What belongs together is united, judged, and what is contained is looked at again."""
    judge = judge_of(store, settings, reference, policy)
    cases = CasesOfWorker(policy, new_id, _now)
    tell = TellConsequence(judge, ask_again_of(store, settings, reference, policy), random.SystemRandom().random)
    ask_branches = AskBranches(store.begin, judge, tell)
    carry_out = CarryOut(store.begin, judge, tell, BATCH if settings.embedded else BATCH_ON_A_SERVER)
    return (
        Job("clusters united", SettleClusters(store.begin, reference)),
        Job("guards changed", RecogniseShared(store.begin, policy, reference.mail)),
        Job("exempted identifiers guarded", GuardExempted(store.begin)),
        Job("members parted whom guarded identifiers tied", DivideGuarded(store.begin)),
        Job("clusters judged", JudgeClusters(store.begin, DoubtAlone(judge), cases, new_id, ask_branches)),
        # Its turns follow each other: the jobs behind it take longer than all of a containment.
        Job("contained accounts looked at again", carry_out.turn, turn=carry_out.members_a_turn),
        Job("bans looked back from", LookBack(store.begin, judge, cases, tell)),
        Job("corrections taken up that were put off", TakeUpCorrections(store.begin)),
        Job("corrected bans undone", UndoBans(store.begin, judge, cases, tell)),
        Job("accounts asked that are like the banned", DrawLikeness(store.begin, judge, cases, tell)),
        Job("decisions changed by a second look", second_look_of(store, settings, reference)),
    )


def _now() -> datetime:
    return datetime.now(UTC)


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


def step_up_jobs(store: SqlStore, settings: Settings, reference: Reference) -> tuple[Job, ...]:
    """What step-up leaves to the worker."""
    policy = PolicyInForce(store.begin, time.monotonic)
    parts = step_up_parts(settings, begin=store.begin, policy=policy, reference=reference, new_id=new_id)
    jobs = [
        Job("challenges expired", parts.expire),
        Job("pass rates estimated", parts.estimate),
        Job("page visits forgotten", parts.visits.forget),
    ]
    if parts.send_codes is not None:
        jobs[:0] = [Job("codes sent", parts.send_codes, prompt=True), Job("mails forgotten", parts.send_codes.forget)]
    return tuple(jobs)
