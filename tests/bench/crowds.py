"""What clients cost each other: sixteen on one identifier beside sixteen on their own, and requests beside the worker.

Both over HTTP on the filled database, and nothing is lost: every answer is counted against the rows that it promised.
"""

from __future__ import annotations

import dataclasses
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from past import HOT, HOT_DEVICE, Past
from report import Round, round_of
from rounds import clients_with, one_round
from scale import CALLER, KEYS, PSEUDONYMS, say
from sqlalchemy import func, make_url, select
from strangers import stranger
from targets import REPOSITORY, Target

from models.linkage.identifier import Identifier, IdentifierKind
from models.signup_document import document_of_signup
from models.simulation.files import read_signups
from service.app import Application, new_id
from service.domain.containment import ContainmentState, Progress
from service.domain.outcome import Label, Statement
from service.storage.sql.cluster_tables import ClusterRow, MemberRow
from service.storage.sql.containment_tables import ContainedRow, ContainmentRow
from service.storage.sql.engine import open_engine
from service.storage.sql.tables import LinkRow
from service.usecases.record_outcome import RecordOutcome

CLIENTS = 16
_CLUSTERED = select(ClusterRow.root_no).join(MemberRow, MemberRow.cluster_no == ClusterRow.cluster_no)


@dataclass(slots=True)
class Crowd:
    """Rounds on one identifier and on many, interleaved; and what became of those on one."""

    hot: list[Round] = field(default_factory=list)
    cold: list[Round] = field(default_factory=list)
    answered: int = 0
    linked: int = 0
    clusters: int = 0

    @property
    def ratio(self) -> float:
        """The throughput on one identifier to that on many: the median over the rounds."""
        return statistics.median(h.per_second / c.per_second for h, c in zip(self.hot, self.cold, strict=True))


def on_one_device(bodies: Path, out: Path) -> Path:
    """As many sign-ups of other people, all on the device that 20,000 accounts are on."""
    with out.open("w") as changed:
        for each in (stranger(signup, 1) for signup in read_signups(bodies)):
            device = dataclasses.replace(each.device, device_id=HOT_DEVICE)
            changed.write(json.dumps(document_of_signup(dataclasses.replace(each, device=device))) + "\n")
    return out


def measure_crowd(target: Target, url: str, bodies: Path, home: Path, *, rounds: int, seconds: float) -> Crowd:
    """Sixteen clients on one identifier and on their own, in turn; the first round warms up."""
    crowd, before = Crowd(), _linked(url)
    with clients_with(bodies) as cold, clients_with(on_one_device(bodies, home / "hot.jsonl")) as hot:
        for number in range(rounds + 1):
            for name, clients, kept in (("h", hot, crowd.hot), ("c", cold, crowd.cold)):
                report = one_round(clients, target, CLIENTS, seconds if number else 2.0, run=f"{name}{number}-")
                crowd.answered += report.statuses[201] if name == "h" else 0
                if number:
                    kept.append(round_of(report))
            say(f"crowd, round {number} of {rounds}")
    after = _linked(url)
    crowd.linked = len(after) - len(before)
    crowd.clusters = len(set(after.values()))
    return crowd


def _linked(url: str) -> Mapping[int, int]:
    """The clusters of the sign-ups on the device, by their numbers."""
    digest = PSEUDONYMS.newest(Identifier(IdentifierKind.DEVICE, HOT_DEVICE)).digest
    numbers = select(LinkRow.signup_no).where(LinkRow.digest == digest)
    statement = _CLUSTERED.add_columns(MemberRow.signup_no).where(MemberRow.signup_no.in_(numbers))
    engine = open_engine(make_url(url))
    with engine.connect() as connection:
        found = {number: root for root, number in connection.execute(statement)}
    engine.dispose()
    return found


@dataclass(frozen=True, slots=True)
class Beside:
    """The request path without and beside some work, and how long that took."""

    alone: Round
    beside: Round
    work_s: float


def measure_beside(target: Target, bodies: Path, work: Callable[[], None], *, clients: int, run: str) -> Beside:
    """Requests for as long as the work takes, beside it; and for as long again without it.

    Raises:
        RuntimeError: the work failed, or a request was not answered with 201.
    """
    took: list[float] = []

    def working() -> None:
        began = time.monotonic()
        work()
        took.append(time.monotonic() - began)

    during = []
    with clients_with(bodies) as pool:
        one_round(pool, target, clients, 2.0, run=f"{run}-")
        alone = [one_round(pool, target, clients, 5.0, run=f"{run}{number}-") for number in (1, 2)]
        worker = threading.Thread(target=working)
        worker.start()
        while worker.is_alive():
            during.append(one_round(pool, target, clients, 2.5, run=f"{run}d{len(during)}-"))
        worker.join()
        alone += [one_round(pool, target, clients, 5.0, run=f"{run}{number}-") for number in (3, 4)]
    if not took:
        raise RuntimeError("the work beside the requests failed")
    return Beside(_median(map(round_of, alone)), _median(map(round_of, during)), took[0])


def _median(rounds: Iterable[Round]) -> Round:
    found = list(rounds)
    return Round(
        per_second=statistics.median(each.per_second for each in found),
        p50_ms=statistics.median(each.p50_ms for each in found),
        p99_ms=statistics.median(each.p99_ms for each in found),
    )


def a_round_of_the_worker(url: str, data: Path) -> None:
    """One round of the worker, which rolls yesterday up."""
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", "worker", "--once"],
        env=_environment(url, data),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"the worker's round failed: {done.stderr[-2_000:]}")


def _environment(url: str, data: Path) -> Mapping[str, str]:
    settings = {"GATEHOUSE_DATABASE_URL": url, "GATEHOUSE_DATA_DIR": str(data), **KEYS}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GATEHOUSE_")}
    return {**inherited, "PYTHONPATH": str(REPOSITORY), **settings}


def ban_three_of_the_cluster(application: Application, past: Past) -> None:
    """Two sources say that three accounts of the cluster are frauds: enough to contain it without a person."""
    tell = RecordOutcome(application.store.begin, application.policy, new_id)
    numbers = [number for number in past.hot_cluster()[HOT // 2 :] if not past.is_labelled(number)][:3]
    for number, source in zip(numbers, ("chargeback", "partner", "chargeback"), strict=True):
        said = Statement(Label.FRAUD, source, "ring", 1.0)
        tell(f"past-{number:010}", said, caller=CALLER, now=datetime.now(UTC))


@dataclass
class Containing:
    """A worker, until nothing of a containment is left to be done; ``seconds`` from when it was opened."""

    url: str
    data: Path
    seconds: float = 0.0

    def __call__(self) -> None:
        """Start it, and stop it when it is done."""
        engine = open_engine(make_url(self.url))
        touched = select(func.count()).select_from(ContainedRow)
        waiting = touched.where(ContainedRow.progress == Progress.WAITING.value)
        began = None
        worker = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "worker"],
            env=_environment(self.url, self.data),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while True:
                time.sleep(0.5)
                with engine.connect() as connection:
                    if connection.execute(touched).scalar_one():
                        began = began or time.monotonic()
                        if not connection.execute(waiting).scalar_one():
                            self.seconds = time.monotonic() - began
                            break
                if worker.poll() is not None:
                    raise RuntimeError(f"the worker ended with {worker.returncode}")
        finally:
            worker.terminate()
            worker.wait()
            engine.dispose()


def contained(url: str) -> int:
    """Members in the core of standing containments."""
    engine = open_engine(make_url(url))
    with engine.connect() as connection:
        core = select(func.sum(ContainmentRow.core)).where(ContainmentRow.state == ContainmentState.STANDING.value)
        found = connection.execute(core).scalar_one() or 0
    engine.dispose()
    return int(found)


def crowd_line(database: str, crowd: Crowd) -> str:
    """What the crowd did to each other."""
    hot, cold = (statistics.median(each.per_second for each in of) for of in (crowd.hot, crowd.cold))
    return (
        f"{CLIENTS} clients on one identifier, {database}: {crowd.ratio:.2f} times the throughput of as many on "
        f"their own ({hot:,.0f}/s to {cold:,.0f}/s); {crowd.answered:,} answered, {crowd.linked:,} linked, "
        f"clusters: {crowd.clusters}."
    )


def beside_line(database: str, what: str, beside: Beside) -> str:
    """What the work did to the requests."""
    return (
        f"Beside {what}, {database}: p99 {beside.beside.p99_ms:.1f} ms to {beside.alone.p99_ms:.1f} ms without, "
        f"{beside.beside.p99_ms / beside.alone.p99_ms:.2f} times; {beside.work_s:.1f} s of work."
    )
