"""The web server: gunicorn started inside this process, set up so that forking, crashing and waiting are safe."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from service.config import LIGHT_THREADS
from service.metrics import forget_worker, share_between_workers
from service.unread_requests import RefusingWorker
from service.waiting_room import WaitingRoom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - only the place; the names in it are our own


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How to serve.

    Attributes:
        bind: host and port.
        workers: processes.
        threads: threads a worker; all but four of them may hold heavy requests, working or waiting.
        heavy_requests: heavy requests a worker works on at once: more only compete for the interpreter.
        patience_s: how long a heavy request may wait before it is refused with 503.
        graceful_s: how long requests in progress may take when the server is told to stop.
        keepalive_s: how long an idle connection is kept; longer than a load balancer's own 60 s.
        backlog: connections that the kernel keeps for us; beyond it clients see it at once instead of a long wait.
        metrics_dir: where workers share their metrics; in memory when ``None``.
    """

    bind: str = "127.0.0.1:8000"
    workers: int = 2
    threads: int = 16
    heavy_requests: int = 4
    patience_s: float = 5.0
    graceful_s: int = 20
    keepalive_s: int = 75
    backlog: int = 512
    metrics_dir: Path | None = None

    def __post_init__(self) -> None:
        if self.threads < self.heavy_requests + LIGHT_THREADS:
            raise ValueError(
                f"threads must be at least heavy_requests + {LIGHT_THREADS}, so that health is answered under load"
            )

    @property
    def waiting_places(self) -> int:
        """How many heavy requests a worker lets wait."""
        return self.threads - self.heavy_requests - LIGHT_THREADS


def _nothing(app: Flask) -> None:
    del app


def run(
    create_app: Callable[[], Flask],
    settings: ServerSettings,
    *,
    after_fork: Callable[[Flask], None] = _nothing,
    on_ready: Callable[[], None] = lambda: None,
    on_refusal: Callable[[Flask], None] = _nothing,
    on_turn: Callable[[], None] = lambda: None,
) -> None:
    """Serve until told to stop; ends the process through gunicorn's own exit.

    The application is created once, before the workers are forked, so that they share its memory. It must not
    have predicted anything by then (an XGBoost prediction before a fork can hang the children), and ``after_fork``
    must drop the connections it has opened: a socket shared by two processes belongs to neither.

    Args:
        create_app: makes the application, in the master process.
        settings: how to serve.
        after_fork: called in every new worker before its first request.
        on_ready: called once in the master when the port accepts connections.
        on_refusal: called when a request is turned away because too many are waiting.
        on_turn: called in the master about once a second, by its only thread: it may start processes.
    """
    directory = share_between_workers(settings.metrics_dir or _own_directory())
    master = os.getpid()

    def remove_metrics() -> None:
        if os.getpid() == master:
            shutil.rmtree(directory, ignore_errors=True)

    atexit.register(remove_metrics)
    _Server(
        create_app, settings, after_fork=after_fork, on_ready=on_ready, on_refusal=on_refusal, on_turn=on_turn
    ).run()


def _memory_directory() -> Path:
    """Where small shared files cost no disk write; there even when a container's file system is read-only."""
    return _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())


def _own_directory() -> Path:
    directory = _memory_directory() / f"gatehouse-{os.getuid()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    if directory.stat().st_uid == os.getuid():
        return directory
    # Somebody else has taken the name; they shall not read or change what we count.
    return Path(tempfile.mkdtemp(prefix="gatehouse-", dir=_memory_directory()))


class _Server(BaseApplication):
    """Gunicorn's own way to be embedded."""

    def __init__(
        self,
        create_app: Callable[[], Flask],
        settings: ServerSettings,
        *,
        after_fork: Callable[[Flask], None],
        on_ready: Callable[[], None],
        on_refusal: Callable[[Flask], None],
        on_turn: Callable[[], None],
    ) -> None:
        self._create_app = create_app
        self._settings = settings
        self._after_fork = after_fork
        self._on_ready = on_ready
        self._on_refusal = on_refusal
        self._on_turn = on_turn
        self._flask: Flask | None = None
        super().__init__()

    def run(self) -> None:
        """As gunicorn's own, with a master that looks after more than its workers."""
        _Master(self, self._on_turn).run()

    def load_config(self) -> None:
        for name, value in self._configuration().items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:  # type: ignore[override]  # the stubs spell WSGI in their own words
        """The application behind its waiting room, loaded once in the master."""
        flask = self._flask = self._create_app()
        # What is loaded now stays: kept out of the collector's way, its pages stay shared with the workers.
        gc.collect()
        gc.freeze()
        return WaitingRoom(
            flask,
            working=self._settings.heavy_requests,
            waiting=self._settings.waiting_places,
            patience_s=self._settings.patience_s,
            on_refusal=lambda: self._on_refusal(flask),
        )

    def _configuration(self) -> Mapping[str, object]:
        settings = self._settings
        return {
            "bind": settings.bind,
            "workers": settings.workers,
            "worker_class": RefusingWorker,
            "threads": settings.threads,
            "preload_app": True,
            "backlog": settings.backlog,
            "keepalive": settings.keepalive_s,
            "graceful_timeout": settings.graceful_s,
            # Silence of a worker's main thread, not the length of a request: that is bounded by the waiting room
            # and the database's own time-outs.
            "timeout": 30,
            "limit_request_line": 4094,
            "limit_request_fields": 64,
            "limit_request_field_size": 8190,
            "logger_class": _QuietLogger,
            "proc_name": "gatehouse",
            # Another way in that nobody uses here, and a file in a home that may be read-only.
            "control_socket_disable": True,
            "worker_tmp_dir": str(_memory_directory()),
            "post_fork": self._post_fork,
            "child_exit": _child_exit,
            "when_ready": self._when_ready,
        }

    # gunicorn counts the parameters of its hooks and hands over objects without types.
    def _post_fork(self, server: Any, worker: Any) -> None:
        del server, worker
        if self._flask is None:
            raise RuntimeError("bug: the application is loaded before workers are forked")
        self._after_fork(self._flask)

    def _when_ready(self, server: Any) -> None:
        del server
        self._on_ready()


class _Master(Arbiter):
    """Gunicorn's master. It forks, so nothing in it may run in a thread; its own turns are when there is time."""

    def __init__(self, app: BaseApplication, on_turn: Callable[[], None]) -> None:
        super().__init__(app)
        self._on_turn = on_turn

    def manage_workers(self) -> None:
        """What the master does on every turn."""
        super().manage_workers()
        self._on_turn()


def _child_exit(server: Any, worker: Any) -> None:
    del server
    forget_worker(worker.pid)


class _QuietLogger(Logger):
    """Gunicorn's messages through the service's own log; no access log, whose lines hold addresses and URLs."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers[:] = []
        self.error_log.propagate = True
        self.access_log.handlers[:] = []
