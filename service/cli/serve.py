"""``gatehouse serve``: the HTTP interface under gunicorn, with everything the embedded database needs beside it."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import click
from flask import Flask
from sqlalchemy import make_url

from service.app import Application, application_of, create_app
from service.cli.context import settings_here, store_of
from service.cli.database import bring_up, schema_problem
from service.cli.refusals import refusal_text
from service.config import Settings
from service.domain.caller import Scope
from service.domain.errors import UnavailableError
from service.gunicorn import ServerSettings, run
from service.observability import configure_logging
from service.usecases.issue_key import IssueKey

STOPS_WITHIN_S = 10
"""How long the worker beside may take to end its round."""

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
"""How far the starts of the worker beside lie apart at least, when it keeps ending."""

_log = logging.getLogger(__name__)

EXAMPLE = {
    "signup_id": "su_1",
    "account_type": "educational",
    "identity": {"full_name": "Ada Example", "country": "GB", "role": "student", "birth_year": 2004},
    "email": "ada.example@mailinator.com",
    "device": {"ip": "81.2.69.142", "webdriver": True},
}


@click.command()
def serve() -> None:
    """Serve the HTTP interface until told to stop.

    On the embedded SQLite it migrates by itself, runs a worker beside it and, on the first start, prints an API
    key. PostgreSQL wants `gatehouse db upgrade` first.
    """
    settings = settings_here()
    configure_logging(level=settings.log_level)
    _refuse_a_taken_port(settings.bind)
    _prepare(settings)
    server = ServerSettings(
        bind=settings.bind,
        workers=settings.workers,
        threads=settings.threads,
        heavy_requests=settings.heavy_requests,
    )
    with _WorkerBeside() as worker:

        def ready() -> None:
            _greet(settings)
            if settings.embedded:
                worker.start()

        run(
            lambda: create_app(settings),
            server,
            after_fork=_after_fork,
            on_ready=ready,
            on_refusal=lambda app: application_of(app).metrics.refused_busy(),
            on_turn=worker.look_after,
        )


def _refuse_a_taken_port(bind: str) -> None:
    """Say in one line that somebody else listens there; gunicorn would try five times and say it in ten."""
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            raise click.ClickException(
                f"cannot listen on {bind}: {error.strerror}; name another with GATEHOUSE_BIND"
            ) from error


def _prepare(settings: Settings) -> None:
    """Make the database ready, or say why it is not."""
    store = store_of(settings)
    try:
        if settings.embedded:
            bring_up(settings, store)
            return
        problem = schema_problem(settings)
        if problem is not None:
            raise click.ClickException(f"{problem}; run `gatehouse db upgrade` first")
    except UnavailableError as error:
        # Without its query, which may hold a password too.
        address = make_url(settings.database_url).set(query={}).render_as_string(hide_password=True)
        raise click.ClickException(f"{refusal_text(error)} ({address})") from error
    finally:
        store.dispose()


def _first_key(settings: Settings) -> str | None:
    """The token of a first key, on an embedded database that holds none; made when it can be shown, not before."""
    if not settings.embedded:
        return None
    store = store_of(settings)
    try:
        with store.begin() as work:
            if work.keys.all():
                return None
        issue = IssueKey(store.begin)
        return issue(
            name="first", owner="default", scopes=[Scope.SIGNUPS], actor="gatehouse", now=datetime.now(UTC)
        ).token
    finally:
        store.dispose()


def _after_fork(app: Flask) -> None:
    application: Application = application_of(app)
    application.store.dispose()


class _WorkerBeside:
    """One worker process beside the embedded service; elsewhere ``gatehouse worker`` runs on its own.

    Started when the service answers, so that the two do not compete for the processor until then; started again
    when it ends by itself or is killed.
    """

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._pause_s = SHORTEST_PAUSE_S

    def start(self) -> None:
        """Start the worker."""
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "service.cli", "worker", "--beside", str(self._owner)], stdin=subprocess.DEVNULL
        )

    def look_after(self) -> None:
        """Start the worker again if it has ended; one that keeps ending is started ever more rarely."""
        if self._process is None or self._process.poll() is None:
            return
        lived_s = time.monotonic() - self._started_at
        if lived_s >= LONGEST_PAUSE_S:
            self._pause_s = SHORTEST_PAUSE_S
        if lived_s < self._pause_s:
            return
        _log.warning("the worker ended; starting it again", extra={"lived_s": round(lived_s)})
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A forked gunicorn worker leaves through here too; only the process that started it ends it.
        if self._process is not None and os.getpid() == self._owner:
            self._process.terminate()
            try:
                self._process.wait(timeout=STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _greet(settings: Settings) -> None:
    """Tell the person at the terminal where everything is; the key is shown on the first start only."""
    token = _first_key(settings)
    address = f"http://{settings.bind}"
    lines = [f"Gatehouse serves on {address}", f"  console   {address}/console", f"  API docs  {address}/docs"]
    if token is not None:
        lines += [
            "",
            "Your first API key, shown this once:",
            f"  {token}",
            "",
            "Try it:",
            f"  curl -s {address}/v1/signups -H 'Authorization: Bearer {token}' \\",
            f"    -H 'Content-Type: application/json' -d '{json.dumps(EXAMPLE)}'",
        ]
    click.echo("\n".join(["", *lines, ""]))
