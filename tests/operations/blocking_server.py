"""A server under the real settings whose heavy requests last until a file appears; run by ``test_server.py``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from flask import Flask, Response

from service.gunicorn import ServerSettings, run
from service.metrics import Metrics
from service.observability import configure_logging


def _create_app() -> Flask:
    app = Flask("blocking")
    metrics = app.extensions["metrics"] = Metrics()
    gate = Path(os.environ["GATE"])

    def livez() -> str:
        return str(os.getpid())

    def exposition() -> Response:
        return Response(metrics.exposition())

    def heavy() -> str:
        (gate.parent / f"inside-{time.monotonic_ns()}").touch()
        while not gate.exists():
            time.sleep(0.01)
        metrics.replayed()
        return "done"

    app.add_url_rule("/livez", view_func=livez)
    app.add_url_rule("/metrics", view_func=exposition)
    app.add_url_rule("/heavy", view_func=heavy, methods=["POST"])
    return app


def _told(word: str) -> None:
    sys.stdout.write(f"{word} {os.getpid()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    configure_logging()
    run(
        _create_app,
        ServerSettings(
            bind=os.environ["BIND"],
            workers=int(os.environ["WORKERS"]),
            patience_s=120,
            metrics_dir=Path(os.environ["GATE"]).parent / "metrics",
        ),
        after_fork=lambda app: _told(f"forked-{app.name}"),
        on_ready=lambda: _told("ready"),
        on_refusal=lambda app: app.extensions["metrics"].refused_busy(),
    )
