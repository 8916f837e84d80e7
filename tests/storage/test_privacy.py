"""Privacy at rest: no byte of a person in what a thief of the disk would read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from models.linkage.identifier import Identifier, IdentifierKind
from models.signup import (
    AccountType,
    Behaviour,
    Device,
    Identity,
    Institution,
    Payment,
    PaymentMethod,
    Signup,
    Sponsor,
)
from service.domain.decision import Assessment
from service.storage.sql.store import SqlStore
from service.usecases.ports import NewRecord
from service.usecases.ports_idempotency import IdempotencyClaim


@pytest.fixture
def signup(noon: datetime) -> Signup:
    return Signup(
        signup_id="su_1",
        account_type=AccountType.RESEARCH,
        occurred_at=noon,
        identity=Identity(
            full_name="Canaryname Östergård",
            institution=Institution(name="Canary Institute"),
            programme="canaryprogramme",
            orcid="0000-0005-9999-0012",
            website="https://canarysite.example",
            sponsor=Sponsor(email="canarysponsor@college.example"),
        ),
        email="canarymail@college.example",
        phone="+441632960123",
        payment=Payment(
            method=PaymentMethod.CARD,
            fingerprint="canaryfingerprint",
            bin="531642",
            billing_postal_code="CANARY1",
            cardholder_name="CANARY HOLDER",
        ),
        device=Device(ip="192.0.2.213", device_id="canarydevice", user_agent="CanaryBrowser/1"),
        behaviour=Behaviour(stated_use="canary stated use"),
        invited_by="canaryinviter",
        custom={"canarycustom": "canaryvalue"},
    )


def strings_of(part: Any) -> set[str]:
    """Every string of five characters or more in a sign-up but the caller's own ``signup_id`` and closed sets."""
    if is_dataclass(part):
        return set().union(*(strings_of(getattr(part, each.name)) for each in fields(part) if each.name != "signup_id"))
    if isinstance(part, dict):
        return set().union(*(strings_of(value) for pair in part.items() for value in pair))
    return {part} if type(part) is str and len(part) >= 5 else set()


@pytest.fixture
def canaries(
    sql_store: SqlStore,
    make_record: Callable[..., NewRecord],
    make_assessment: Callable[..., Assessment],
    signup: Signup,
) -> set[str]:
    """Records a sign-up with everything that may hang on it; gives what must not be readable."""
    found = strings_of(signup)
    assert len(found) > 15
    identifiers = tuple(
        Identifier(kind, value, counted=signup.email)
        for kind, value in zip(IdentifierKind, sorted(found), strict=False)
    )
    claim = IdempotencyClaim("acme", "canary-idempotency-key", b"\x01" * 32)
    record = make_record(signup=signup, identifiers=identifiers, assessment=make_assessment(), claim=claim)
    with sql_store.begin() as work:
        work.idempotency.claim(claim, now=record.recorded_at)
        work.ledger.append(record)
        work.commit()
        again = work.ledger.get("acme", record.id)
        assert again is not None
        assert again.signup == signup
        work.audit.seal(at=record.recorded_at)
    return found | {claim.key}


def in_every_spelling(text: str) -> set[bytes]:
    """The text as plain bytes, as JSON escapes and in UTF-16."""
    return {text.encode(), json.dumps(text)[1:-1].encode(), text.encode("utf-16-le")}


def test_the_raw_files_hold_no_personal_data(
    canaries: set[str], sql_store: SqlStore, database_url: str, tmp_path: Path
) -> None:
    if database_url.startswith("postgresql"):
        before = after = dump_of_tables(database_url)
    else:
        # Once with the rows still in the write-ahead log, once with them moved into the database.
        before = bytes_of_files(tmp_path / "database")
        sql_store.checkpoint()
        sql_store.dispose()
        after = bytes_of_files(tmp_path / "database")

    for raw_bytes in (before, after):
        assert b"su_1" in raw_bytes
        readable = {text for text in canaries if any(spelled in raw_bytes for spelled in in_every_spelling(text))}
        assert readable == set()


def test_a_refused_write_names_no_person_in_its_error(
    canaries: set[str], sql_store: SqlStore, make_record: Callable[..., NewRecord], signup: Signup
) -> None:
    with sql_store.begin() as work:
        work.ledger.append(make_record(signup=signup))
        with pytest.raises(Exception, match="recorded already") as caught:
            work.commit()

    told, error = "", caught.value
    while error is not None:
        told += f"{error} {error!r} "
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    assert not [text for text in canaries if text in told]


def bytes_of_files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def dump_of_tables(url: str) -> bytes:
    """Every table as PostgreSQL copies it out, its binary columns as they are."""
    dumped = bytearray()
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            statement = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(table))
            with connection.cursor().copy(statement) as copy:
                for block in copy:
                    dumped += block
    return bytes(dumped)
