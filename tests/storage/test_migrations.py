"""Migrations: they make exactly the tables of the code, once, whoever starts at the same moment."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from service.domain.errors import UnavailableError
from service.storage.sql import migrate
from service.storage.sql.engine import open_engine
from service.storage.sql.migrate import SchemaState, check, upgrade
from service.storage.sql.packed_links import packed_link
from service.storage.sql.store import SqlStore


def upgraded(url: str) -> SchemaState:
    engine = open_engine(url)
    try:
        upgrade(engine)
        return check(engine)
    finally:
        engine.dispose()


def state_of(url: str) -> SchemaState:
    engine = open_engine(url)
    try:
        return check(engine)
    finally:
        engine.dispose()


def test_an_upgrade_makes_the_tables_of_the_code_and_a_second_one_changes_nothing(empty_database_url: str) -> None:
    before = state_of(empty_database_url)

    first, second = upgraded(empty_database_url), upgraded(empty_database_url)

    assert not before.good
    assert (before.current, len(before.differences) > 0) == (None, True)
    assert first == second
    assert first.differences == ()
    assert first.good


def test_a_table_that_lacks_a_column_is_named(database_url: str, raw: Callable[[str], Any]) -> None:
    engine = open_engine(database_url)
    with engine.connect() as connection:
        connection.execute(text("ALTER TABLE probes ADD COLUMN stray INTEGER"))
    try:
        found = check(engine)
    finally:
        with engine.connect() as connection:
            connection.execute(text("ALTER TABLE probes DROP COLUMN stray"))
        engine.dispose()

    assert not found.good
    assert "stray" in str(found.differences)


def test_starters_at_once_do_not_collide(empty_database_url: str) -> None:
    def start() -> None:
        os._exit(0 if upgraded(empty_database_url).good else 1)

    starters = [multiprocessing.get_context("fork").Process(target=start) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(60)

    assert [starter.exitcode for starter in starters] == [0] * 4
    assert state_of(empty_database_url).good


def test_a_database_that_nobody_migrated_is_unavailable_not_a_bug(
    empty_database_url: str, open_store: Callable[..., SqlStore]
) -> None:
    store = open_store(empty_database_url)

    with pytest.raises(UnavailableError):
        store.probe()
    with pytest.raises(UnavailableError), store.begin() as work:
        work.keys.all()


def test_the_session_settings_of_a_migration_do_not_stay_in_the_pool(new_postgresql: Callable[[], str]) -> None:
    engine = open_engine(new_postgresql())
    upgrade(engine)
    with engine.connect() as connection:
        timeout = connection.execute(text("SHOW statement_timeout")).scalar_one()
    engine.dispose()

    assert timeout == "10s"


def test_the_alembic_command_works_from_the_checkout(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "GATEHOUSE_DATABASE_URL": f"sqlite:///{tmp_path / 'gatehouse.db'}"}
    for arguments in (("upgrade", "head"), ("check",), ("downgrade", "base"), ("upgrade", "head")):
        done = subprocess.run(
            [sys.executable, "-m", "alembic", *arguments], cwd=root, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()

    assert state_of(environment["GATEHOUSE_DATABASE_URL"]).good


def test_what_was_activated_before_stays_in_force_and_can_be_rolled_back(
    empty_database_url: str, open_store: Callable[..., SqlStore], noon: datetime
) -> None:
    engine = open_engine(empty_database_url)
    with engine.connect() as connection:
        configuration = migrate._configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0003")
    with engine.begin() as connection:
        for version, activated in ((1, 10), (2, None), (3, 30)):
            connection.execute(
                text("INSERT INTO policies VALUES (:version, 'x = 1', 5, 'ada', 'why', :activated)"),
                {"version": version, "activated": activated},
            )
    upgrade(engine)
    engine.dispose()

    store = open_store(empty_database_url)
    with store.begin() as work:
        active = work.policies.active()
        back = work.policies.roll_back(at=noon, by="eve", reason="back")
        work.commit()
        again = work.policies.roll_back(at=noon, by="eve", reason="back")
    assert active is not None
    assert (active.version, back, again) == (3, 1, None)


def test_links_that_were_written_in_columns_are_packed_and_come_apart_again(
    empty_database_url: str,
) -> None:
    columns = "digest, recorded_us, signup_no, kind, occurred_us, counted, account_type, anomalies"
    before = [
        (
            bytes([at] * 16),
            1_790_000_000_000_000 + at,
            at,
            2,
            1_780_000_000_000_000 - at,
            counted,
            1 + at % 2,
            anomalies,
        )
        for at, (counted, anomalies) in enumerate(
            [(None, 0), (0, 1), (2**63 - 1, 2**15 - 1), (-(2**63), -(2**15)), (-1, -1), (256, 256)]
        )
    ]
    engine = transactional = open_engine(empty_database_url)
    if engine.dialect.name == "postgresql":
        transactional = engine.execution_options(isolation_level="READ COMMITTED")

    def to(revision: str, *, downgrade: bool = False) -> None:
        with transactional.connect() as connection:
            configuration = migrate._configuration()
            configuration.attributes["connection"] = connection
            (command.downgrade if downgrade else command.upgrade)(configuration, revision)

    def rows(names: str) -> list[tuple[Any, ...]]:
        with engine.connect() as connection:
            found = connection.execute(text(f"SELECT {names} FROM links ORDER BY digest")).all()
        return [tuple(bytes(each) if isinstance(each, memoryview) else each for each in row) for row in found]

    to("0059")
    values = ", ".join(f":{name.strip()}" for name in columns.split(","))
    with engine.begin() as connection:
        named = [dict(zip(columns.split(", "), row, strict=True)) for row in before]
        connection.execute(text(f"INSERT INTO links ({columns}) VALUES ({values})"), named)
    to("head")
    packed = rows("packed")
    to("0059", downgrade=True)
    apart = rows(columns)
    to("head")
    again = rows("packed")
    engine.dispose()

    assert [each for (each,) in packed] == [
        packed_link(occurred_us=row[4], counted=row[5], account_type=row[6], anomalies=row[7]) for row in before
    ]
    assert apart == before
    assert again == packed
    assert state_of(empty_database_url).good


def test_what_was_corrected_before_corrections_waited_is_looked_at_once_more(
    empty_database_url: str, open_store: Callable[..., SqlStore]
) -> None:
    engine = transactional = open_engine(empty_database_url)
    if engine.dialect.name == "postgresql":
        transactional = engine.execution_options(isolation_level="READ COMMITTED")
    with transactional.connect() as connection:
        configuration = migrate._configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0066")
    with engine.begin() as connection:
        for number, label in ((1, None), (2, 1), (3, None), (4, 3)):
            connection.execute(
                text(
                    "INSERT INTO members (signup_no, cluster_no, occurred_us, identifiers, label, label_us)"
                    " VALUES (:number, 1, 5, :none, :label, :label_us)"
                ),
                {"number": number, "none": b"", "label": label, "label_us": label},
            )
            connection.execute(
                text(
                    "INSERT INTO look_backs (signup_no, known_us, done_us, corrected_us) VALUES (:number, 0, 7, :due)"
                ),
                {"number": number, "due": 9 if number == 3 else None},
            )
    upgrade(engine)
    engine.dispose()

    with open_store(empty_database_url).begin() as work:
        assert work.after_bans.waiting(after_no=0, limit=9) == [1, 4]
