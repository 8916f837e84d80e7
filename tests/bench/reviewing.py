"""What the console's pages cost at the server with 100,000 open cases and a million sign-ups, page by page.

``python tests/bench/reviewing.py --only sqlite``; ``--home`` keeps the filled databases, which take minutes to fill.
Every page is asked through the whole application, in this process, by a signed-in lead; pages take turns, so that a
busy machine disturbs all alike. The promise is 100 ms.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # Any: rows to insert, and Flask's untyped test client

sys.path.insert(0, str(Path(__file__).parents[2]))

import structlog
from past import HOT_DEVICE
from past_signups import OWNER
from run import _bodies
from scale import CALLER, KEYS, fill, past_of, say
from servers import databases_of
from sqlalchemy import make_url, text

from models.reference.reference import load_reference
from models.simulation.files import read_signups
from service.app import Application, application_of, create_app
from service.config import PREFIX, read_settings
from service.domain.case import Case, CaseKind, CaseState
from service.domain.reviewer import Acting, Role
from service.domain.verdict import Verdict
from service.storage.instants import instant_of
from service.storage.sql.case_rows import columns_of_case
from service.storage.sql.case_tables import CaseRow
from service.storage.sql.engine import open_engine
from service.storage.sql.records import ACCOUNT_TYPES
from service.usecases.install_policy import InstallPolicy
from service.usecases.manage_reviewers import ManageReviewers
from service.usecases.ports_idempotency import Fingerprint
from service.usecases.ports_search import SearchQuery

PROMISE_MS = 100.0
CODES = ("DEVICE_SHARED", "CARD_SHARED", "NETWORK_BURST", "FORM_TOO_FAST", "EMAIL_NEW", "NAME_PATTERN", "PROXY")
QUEUES = ("educational", "research", "appeals", "clusters")
NOWHERE = "NOBODY_HAS_THIS"
_BATCH = 5_000
_REAL = 40


def main() -> None:
    """Fill, ask, and tell in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signups", type=int, default=1_000_000)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--home", type=Path, help="keep the databases here")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with ExitStack() as stack:
        home = options.home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-reviewing-")))
        home.mkdir(parents=True, exist_ok=True)
        for database in ("sqlite", "postgresql"):
            if options.only in (None, database):
                with _database(database, home) as url:
                    _measure(database, url, home, options)


@contextmanager
def _database(database: str, home: Path) -> Iterator[str]:
    if database == "sqlite":
        yield f"sqlite:///{home / 'past.db'}"
        return
    names = () if (home / "postgresql").exists() else ("past",)
    with databases_of(home / "postgresql", *names) as urls:
        if urls:
            (home / "postgresql.url").write_text(urls["past"])
        yield (home / "postgresql.url").read_text().replace("postgresql:", "postgresql+psycopg:", 1)


def _measure(database: str, url: str, home: Path, options: argparse.Namespace) -> None:
    reference, filled = load_reference(), home / f"{database}.filled"
    bodies = _bodies(home / "bodies.jsonl", 10_000)
    if not filled.exists():
        fill(url, past_of(bodies, options.signups, end=datetime.now(UTC), reference=reference))
    environment = {f"{PREFIX}DATABASE_URL": url, f"{PREFIX}DATA_DIR": str(home / f"data-{database}"), **KEYS}
    app = create_app(read_settings(environment), reference=reference)
    application = application_of(app)
    if not filled.exists():
        InstallPolicy(application.store.begin)(now=datetime.now(UTC))
        _fill_cases(url, options.cases)
        _sign_up(application, bodies)
        filled.touch()
    client, token = _enter(app, application)
    pages = _pages(client, token, application)
    for ask in pages.values():  # warms up
        ask()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in pages}
    for _ in range(options.rounds):
        for name, ask in pages.items():
            began, worked = time.perf_counter(), time.process_time()
            ask()
            taken[name].append((1e3 * (time.perf_counter() - began), 1e3 * (time.process_time() - worked)))
    sys.stdout.write("\n".join(_table(database, options, taken)) + "\n")
    application.store.dispose()


def _fill_cases(url: str, cases: int) -> None:
    """Open cases about the sign-ups of the past, in the order of their making, and a tenth as many resolved ones."""
    chance, began = random.Random(7), time.monotonic()
    engine = open_engine(make_url(url))
    with engine.begin() as connection:
        wanted = text("SELECT id, recorded_us FROM signups ORDER BY signup_no DESC LIMIT 40000")
        records = [(row.id, instant_of(row.recorded_us)) for row in connection.execute(wanted)]
        numbers = itertools.cycle(range(len(records)))
        rows = (columns_of_case(_case(number, *records[next(numbers)], chance)) for number in range(cases * 11 // 10))
        while batch := list(itertools.islice(rows, _BATCH)):
            connection.execute(CaseRow.__table__.insert(), batch)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE cases"))
    engine.dispose()
    say(f"{cases:,} open cases written in {time.monotonic() - began:.0f} s")


def _case(number: int, record_id: str, recorded_at: datetime, chance: random.Random) -> Case:
    resolved, risk = number % 11 == 10, chance.random()
    opened = recorded_at + timedelta(seconds=number)
    case = Case(
        id=f"bench-{number:07}",
        owner=OWNER,
        subject=f"signup:{number}",
        kind=CaseKind.REVIEW,
        record_id=record_id,
        account_type=ACCOUNT_TYPES[1 + number % 2],
        queue=QUEUES[number % 4],
        reason_group="linkage",
        reasons=tuple(chance.sample(CODES, 4)),
        risk=risk,
        size=1 + int(chance.paretovariate(1.2)) % 5_000,
        rank=risk * 10 + chance.random(),
        opened_at=opened,
        due_at=opened + timedelta(hours=24 + number % 400),
        louder_at=opened + timedelta(days=400),
        state=CaseState.OPEN,
        version=1,
    )
    if not resolved:
        return case
    at = opened + timedelta(hours=chance.random() * 30)
    return replace(
        case, state=CaseState.RESOLVED, verdict=Verdict.APPROVE, reason_code="FALSE_ALARM", resolved_at=at,
        resolved_by="reviewer:somebody",
    )  # fmt: skip


def _sign_up(application: Application, bodies: Path) -> None:
    """Real sign-ups on the device of 20,000, with the cases that their page is asked for."""
    now, lead = datetime.now(UTC), Acting("tests", Role.LEAD)
    for number, signup in enumerate(itertools.islice(read_signups(bodies), _REAL)):
        made = replace(
            signup,
            signup_id=f"reviewed-{number}",
            occurred_at=now,
            device=replace(signup.device, device_id=HOT_DEVICE),
        )
        digest = Fingerprint(f"{number:032}".encode())
        answer = application.assess(made, caller=CALLER, now=now, fingerprint=digest)
        if answer.view is None:
            raise RuntimeError("bug: a fresh sign-up was answered from the past")
        with application.store.begin() as work:
            known = work.cases.of_record(answer.view.id)
        if not known:
            application.cases.open(answer.view.id, acting=lead, now=now, note=None)


def _enter(app: Any, application: Application) -> tuple[Any, str]:
    name, manage = f"lead{random.SystemRandom().randrange(10**9)}", ManageReviewers(application.store.begin)
    made = manage.create(name, Role.LEAD, actor="bench", now=datetime.now(UTC))
    with application.store.begin() as work:
        work.reviewers.update(replace(made.reviewer, must_change=False))
        work.commit()
    client = app.test_client()
    client.post("/console/sign-in", data={"name": name, "password": made.password})
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', client.get("/console/search").text)
    if found is None:
        raise RuntimeError("the lead was not let in")
    return client, found.group(1)


def _pages(client: Any, token: str, application: Application) -> Mapping[str, Callable[[], None]]:
    with application.store.begin() as work:
        (record,) = work.ledger.search(None, SearchQuery(signup_id=f"reviewed-{_REAL - 1}"))
        real = work.cases.of_record(record.id)[0].id

    def page(path: str, *, first_of_counts: bool = False) -> Callable[[], None]:
        def ask() -> None:
            if first_of_counts:
                _forget_counts(client.application)
            answer = client.get(f"/console/{path}")
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answered {answer.status_code}")

        return ask

    def claim() -> None:
        answer = client.post("/console/queue/claim", data={"form_token": token})
        case = answer.headers["Location"].split("?")[0]
        client.post(f"{case}/release", data={"form_token": token})

    return {
        "queue": page("queue"),
        "live counts, counted": page("live", first_of_counts=True),
        "queue, one queue": page("queue?queue=research"),
        "queue, riskiest of one type": page("queue?type=research&order=risk"),
        "queue, oldest, overdue": page("queue?order=age&overdue=1"),
        "queue, largest below 30 %": page("queue?order=size&risk=low"),
        "queue, mine (none)": page("queue?owner=mine"),
        "queue, put off (none)": page("queue?owner=snoozed"),
        "queue, resolved": page("queue?owner=resolved"),
        "queue, a reason that many have": page("queue?reason=DEVICE_SHARED"),
        "queue, a reason that none has": page(f"queue?reason={NOWHERE}"),
        "the same, riskiest first": page(f"queue?reason={NOWHERE}&order=risk"),
        "queue, size that none has": page("queue?size=9999999&type=research"),
        "case": page(f"cases/{real}"),
        "claim and release": claim,
    }


def _forget_counts(app: Any) -> None:
    """Let the next page count anew, as the first one after the shared moment does."""
    for view in app.view_functions.values():
        for cell in getattr(view, "__closure__", None) or ():
            page = cell.cell_contents
            counted = getattr(getattr(getattr(page, "view", None), "__self__", None), "_counted", None)
            if counted is not None:
                counted.clear()


def _table(
    database: str, options: argparse.Namespace, taken: Mapping[str, Sequence[tuple[float, float]]]
) -> Iterator[str]:
    yield f"\n{database}: {options.signups:,} sign-ups, {options.cases:,} open cases, {options.rounds} rounds\n"
    yield "| page | median ms | p95 ms | of it work of this process | under 100 ms |\n|---|--:|--:|--:|---|"
    for name, pairs in taken.items():
        waited, worked = ([pair[place] for pair in pairs] for place in (0, 1))
        median, high = statistics.median(waited), statistics.quantiles(waited, n=20)[-1]
        kept = "yes" if median < PROMISE_MS else "no"
        yield f"| {name} | {median:.1f} | {high:.1f} | {statistics.median(worked):.1f} | {kept} |"


if __name__ == "__main__":
    main()
