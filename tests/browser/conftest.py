"""A real service with demo data, and a real Chromium in front of it that notices every complaint of the browser."""

from __future__ import annotations

import base64
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from models.reference.reference import Reference
from models.signup import Signup
from service.app import Application, application_of, create_app, new_id
from service.config import read_settings
from service.domain.caller import Caller, Scope
from service.domain.reviewer import Role
from service.usecases.install_policy import InstallPolicy
from service.usecases.keep_lists import KeepLists
from service.usecases.manage_reviewers import ManageReviewers
from service.usecases.passwords import digest_of_password
from service.usecases.ports_idempotency import Fingerprint

DATABASE = "gatehouse.db"
PASSWORD = "five plain words are enough"
PATIENCE_MS = 60_000
"""A bound, not a claim: a machine that does much else at once is slow."""

POLICY = "\n[review]\nblind_sample = 0.0\nlease_minutes = 30\n"


@dataclass
class Console:
    """A running service."""

    address: str
    application: Application
    clock: Clock
    sessions: dict[str, list[Any]] = field(default_factory=dict)
    """The cookies of those who signed in already: their next tabs are spared the door."""

    def record(self, *signups: Signup) -> list[str]:
        """Assess sign-ups as the sign-up flow would; their ids."""
        caller = Caller("campus", "flow", frozenset({Scope.SIGNUPS}))
        ids = []
        for signup in signups:
            digest = Fingerprint(signup.signup_id.encode().ljust(32, b"\0")[:32])
            answer = self.application.assess(signup, caller=caller, now=self.clock(), fingerprint=digest)
            assert answer.view is not None
            ids.append(answer.view.id)
        return ids

    @property
    def lists(self) -> KeepLists:
        """The lists' keeper."""
        return KeepLists(self.application.store.begin, lambda: self.application.reference, new_id)

    def cases(self) -> list[Any]:
        """Every unresolved case."""
        from service.usecases.ports_cases import CaseQuery

        with self.application.store.begin() as work:
            return [each.case for each in work.cases.find(CaseQuery(now=self.clock(), limit=500))]


@dataclass
class Clock:
    """The time, which a test may move."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(scope="session")
def hydra_hour() -> list[Signup]:
    """One simulated hour with a small hydra in it."""
    from models.simulation.scenario import small_hydra

    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    return [each.signup for each in small_hydra(seed=7, start=start)]


def _key(first: int) -> str:
    return "1:" + base64.b64encode(bytes(range(first, first + 32))).decode()


def _app(directory: Path, reference: Reference, clock: Clock) -> Flask:
    settings = read_settings(
        {
            "GATEHOUSE_DATA_DIR": str(directory),
            "GATEHOUSE_ENCRYPTION_KEYS": _key(0),
            "GATEHOUSE_PSEUDONYM_KEYS": _key(32),
        }
    )
    return create_app(settings, reference=reference, clock=clock)


def _furnish(application: Application, clock: Clock) -> None:
    """The policy of these tests, and its reviewers."""
    InstallPolicy(application.store.begin)(now=clock())
    with application.store.begin() as work:
        from service.domain.policy import default_policy_text

        work.policies.add(
            default_policy_text() + POLICY, at=clock(), by="tests", reason="no random double reviews", activate=True
        )
        work.commit()
    people = (("dana", Role.REVIEWER), ("eli", Role.REVIEWER), ("lea", Role.LEAD), ("ada", Role.ADMIN))
    manage = ManageReviewers(application.store.begin)
    for name, role in people:
        made = manage.create(name, role, actor="tests", now=clock())
        with application.store.begin() as work:
            from dataclasses import replace

            work.reviewers.update(
                replace(made.reviewer, password_digest=digest_of_password(PASSWORD), must_change=False)
            )
            work.commit()


def _serve(app: Flask, clock: Clock) -> Iterator[Console]:
    application = application_of(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Console(f"http://127.0.0.1:{server.server_port}", application, clock)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        application.store.dispose()


@pytest.fixture(scope="module")
def empty_console(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, reference: Reference
) -> Iterator[Console]:
    """A service a module, without a sign-up."""
    directory, clock = tmp_path_factory.mktemp("console"), Clock()
    shutil.copyfile(migrated_sqlite, directory / DATABASE)
    app = _app(directory, reference, clock)
    _furnish(application_of(app), clock)
    yield from _serve(app, clock)


@pytest.fixture(scope="session")
def recorded_hour(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, reference: Reference, hydra_hour: list[Signup]
) -> Path:
    """A database with the simulated hour in it, to copy: to decide on a hundred sign-ups takes seconds."""
    directory, clock = tmp_path_factory.mktemp("recorded"), Clock()
    shutil.copyfile(migrated_sqlite, directory / DATABASE)
    application = application_of(_app(directory, reference, clock))
    _furnish(application, clock)
    Console("", application, clock).record(*hydra_hour)
    application.store.dispose()
    assert not (directory / f"{DATABASE}-wal").exists(), "the last connection leaves everything in the file"
    return directory / DATABASE


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory, recorded_hour: Path, reference: Reference) -> Iterator[Console]:
    """A service a module, with the simulated hour in it."""
    directory, clock = tmp_path_factory.mktemp("console"), Clock()
    shutil.copyfile(recorded_hour, directory / DATABASE)
    yield from _serve(_app(directory, reference, clock), clock)


@dataclass
class Tab:
    """A page of a signed-in reviewer that remembers everything the browser complained of."""

    page: Any
    console: Console
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Any:
        """Open a page and wait until its script has run."""
        response = self.page.goto(self.console.address + path)
        self.ready()
        return response

    def ready(self) -> None:
        """Wait until the page's script has run."""
        self.page.wait_for_selector("[data-ready]", state="attached")

    def text(self, selector: str = "main") -> str:
        """What a reader sees."""
        return str(self.page.inner_text(selector))


@pytest.fixture
def open_tab(chromium: Any, console: Console) -> Iterator[Callable[..., Tab]]:
    """Opens tabs, each in a browser of its own; a complaint of the browser fails the test."""
    contexts, tabs = [], []

    def opening(name: str | None = "dana", *, width: int = 1280, height: int = 900, **options: Any) -> Tab:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        tab = Tab(page, console)
        page.on("console", lambda message: _note(tab, message))
        page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tabs.append(tab)
        if name is not None:
            context.add_cookies(console.sessions.get(name, []))
            tab.go("/console/queue")
            if "/sign-in" in page.url:
                page.fill("[name=name]", name)
                page.fill("[name=password]", PASSWORD)
                page.press("[name=password]", "Enter")
                page.wait_for_url("**/console/queue*")
                tab.ready()
                console.sessions[name] = context.cookies()
        return tab

    yield opening
    for context in contexts:
        context.close()
    assert [complaint for tab in tabs for complaint in tab.complaints] == []


def _note(tab: Tab, message: Any) -> None:
    # The browser reports every answer of 400 and above; the pages themselves say what happened.
    if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
        tab.complaints.append(f"{message.type}: {message.text}")
