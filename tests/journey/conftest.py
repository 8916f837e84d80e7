"""A whole service in this process, on a real database, with a key; and sign-ups to send it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models.reference.reference import Reference
from service.app import Application, application_of, create_app, utc_now
from service.config import PREFIX, Settings, read_settings
from service.domain.caller import Scope
from service.usecases.install_policy import InstallPolicy
from service.usecases.issue_key import IssueKey

KEYS = {
    f"{PREFIX}ENCRYPTION_KEYS": "1:" + base64.b64encode(bytes(range(32))).decode(),
    f"{PREFIX}PSEUDONYM_KEYS": "1:" + base64.b64encode(bytes(range(32, 64))).decode(),
}


@dataclass(frozen=True)
class Service:
    """A running service as its callers see it, and its parts for looking inside."""

    app: Flask
    client: FlaskClient
    headers: dict[str, str]

    @property
    def parts(self) -> Application:
        return application_of(self.app)

    def sign_up(self, document: dict[str, Any], **headers: str) -> TestResponse:
        return self.client.post("/v1/signups", json=document, headers=self.headers | headers)

    def records(self) -> list[Any]:
        with self.parts.store.begin() as work:
            return list(work.ledger.stream())


@pytest.fixture
def settings_for(tmp_path: Path) -> Callable[..., Settings]:
    def make(database_url: str, **changes: str) -> Settings:
        environment = {
            f"{PREFIX}DATABASE_URL": database_url,
            f"{PREFIX}DATA_DIR": str(tmp_path / "data"),
            **KEYS,
            **{PREFIX + name: value for name, value in changes.items()},
        }
        return read_settings(environment)

    return make


@pytest.fixture
def start(settings_for: Callable[..., Settings], reference: Reference) -> Iterator[Callable[..., Service]]:
    """Starts services on migrated databases; closes them in the end."""
    started: list[Service] = []

    def starting(
        database_url: str, *, clock: Callable[[], datetime] = utc_now, known: Reference = reference, **changes: str
    ) -> Service:
        app = create_app(settings_for(database_url, **changes), reference=known, clock=clock)
        begin = application_of(app).store.begin
        InstallPolicy(begin)(now=datetime.now(UTC))
        issued = IssueKey(begin)(name="journey", scopes=[Scope.SIGNUPS], actor="test", now=datetime.now(UTC))
        service = Service(app, app.test_client(), {"Authorization": f"Bearer {issued.token}"})
        started.append(service)
        return service

    yield starting
    for service in started:
        service.parts.store.dispose()


@pytest.fixture
def service(database_url: str, start: Callable[..., Service]) -> Service:
    """A service on SQLite, and again on PostgreSQL."""
    return start(database_url)


@pytest.fixture
def make_document() -> Callable[..., dict[str, Any]]:
    """A small valid sign-up; name only what matters."""

    def make(signup_id: str = "su_1", **changes: Any) -> dict[str, Any]:
        document: dict[str, Any] = {
            "signup_id": signup_id,
            "account_type": "educational",
            "identity": {"full_name": "Oriane Maupertuis", "country": "FR", "role": "student", "birth_year": 2004},
            "email": "oriane.maupertuis@mailinator.com",
            "device": {"ip": "81.2.69.142", "webdriver": True, "user_agent": "curl/8.5.0"},
            "behaviour": {"form_seconds": 1.2, "pasted_fields": ["full_name", "email"], "keystrokes": 0},
        }
        return document | changes

    return make
