"""The floors Gatehouse is held against, under the same gunicorn: a constant answer, and one durable insert more."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable

import psycopg
from flask import Flask, Response, request

from service.gunicorn import ServerSettings, run

_ANSWER = b'{"decision":"allow","score":0.012,"reasons":[]}'

Insert = Callable[[bytes], None]


def _app(insert: Insert | None) -> Flask:
    app = Flask("floor")

    def create() -> Response:
        body = request.get_data()
        if insert is not None:
            insert(body)
        return Response(_ANSWER, 201, content_type="application/json")

    app.add_url_rule("/v1/signups", view_func=create, methods=["POST"])
    app.add_url_rule("/livez", view_func=lambda: "live")
    return app


def _into_sqlite(path: str) -> Insert:
    """WAL with a sync at every commit, a connection a thread, the write lock taken at once."""
    local = threading.local()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    connection.close()

    def insert(body: bytes) -> None:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            local.connection.execute("PRAGMA synchronous=FULL")
        local.connection.execute("BEGIN IMMEDIATE")
        local.connection.execute("INSERT INTO bodies (body) VALUES (?)", (body,))
        local.connection.execute("COMMIT")

    return insert


def _into_postgresql(url: str) -> Insert:
    """A connection a thread; the server syncs at every commit."""
    local = threading.local()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bodies (id bigserial PRIMARY KEY, body bytea NOT NULL)")

    def insert(body: bytes) -> None:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(url, autocommit=True)
        local.connection.execute("INSERT INTO bodies (body) VALUES (%s)", (body,))

    return insert


def main() -> None:
    """Serve the floor over ``BENCH_STORE``: a URL, or nothing for the constant answer."""
    store = os.environ.get("BENCH_STORE", "")
    insert: Insert | None = None
    if store.startswith("postgresql:"):
        insert = _into_postgresql(store)
    elif store:
        insert = _into_sqlite(store)
    settings = ServerSettings(bind=os.environ["GATEHOUSE_BIND"], workers=int(os.environ["GATEHOUSE_WORKERS"]))
    run(lambda: _app(insert), settings)


if __name__ == "__main__":
    main()
