"""A throw-away service: a real one, on its own port and in its own directory, gone when the block ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from service.cli.client import Client
from service.cli.context import store_of
from service.cli.database import bring_up
from service.config import PREFIX, Settings, read_settings
from service.domain.caller import Scope
from service.usecases.issue_key import IssueKey


@dataclass(frozen=True, slots=True)
class Throwaway:
    """Where the service listens, a key for it, and what it was told."""

    host: str
    port: int
    token: str
    settings: Settings

    def client(self) -> Client:
        """A new connection to it."""
        return Client(self.host, self.port, self.token)


@contextmanager
def throwaway_service() -> Iterator[Throwaway]:
    """Start ``gatehouse serve`` on a free port with an empty embedded database; call it from the main thread.

    Raises:
        ConnectionError: the service did not become ready; the text ends with what it logged.
    """
    with _ends_in_order() as ending, tempfile.TemporaryDirectory(prefix="gatehouse-") as directory:
        host, port = "127.0.0.1", _free_port()
        # Nothing of the caller's own configuration reaches the throw-away service.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        environment |= {
            f"{PREFIX}DATA_DIR": directory,
            f"{PREFIX}BIND": f"{host}:{port}",
            f"{PREFIX}WORKERS": "1",
            f"{PREFIX}LOG_LEVEL": "warning",
        }
        settings = read_settings(environment)
        store = store_of(settings)
        bring_up(settings, store)
        issued = IssueKey(store.begin)(name="demo", scopes=[Scope.SIGNUPS], actor="demo", now=datetime.now(UTC))
        store.dispose()
        log = Path(directory) / "service.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", "serve"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            ending.let_go()  # not before there is a process that can be ended
            throwaway = Throwaway(host, port, issued.token, settings)
            with throwaway.client() as client:
                try:
                    client.wait_until_ready(process)
                except ConnectionError as error:
                    raise ConnectionError(f"{error}\n{log.read_text(errors='replace')[-2000:]}") from None
            yield throwaway
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


_ENDS = (signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class _Ending:
    """Being told to end leaves a block as an exception does; while ``held`` it waits."""

    held: bool = True
    told: int | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The handler of the signals."""
        del frame
        self.told = number
        if not self.held:
            self.let_go()

    def let_go(self) -> None:
        """End now if it was told to, else as soon as it is."""
        self.held = False
        if self.told is not None:
            for each in _ENDS:
                signal.signal(each, signal.SIG_IGN)  # a second one must not cut the ending short
            raise SystemExit(128 + self.told)


@contextmanager
def _ends_in_order() -> Iterator[_Ending]:
    ending = _Ending()
    before = {each: signal.signal(each, ending) for each in _ENDS}
    try:
        yield ending
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
