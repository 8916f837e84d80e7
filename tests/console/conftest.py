"""The whole application behind Flask's test client, and people who sign in to it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.reference.reference import Reference
from service.app import application_of, create_app
from service.config import read_settings
from service.domain.reviewer import Role
from service.usecases.manage_reviewers import ManageReviewers

NEW = "a longer pass phrase"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, reference: Reference) -> Iterator[Any]:
    """One application for the module, because it takes a second to load."""
    directory: Path = tmp_path_factory.mktemp("console")
    settings = read_settings({"GATEHOUSE_DATA_DIR": str(directory)})
    shutil.copyfile(migrated_sqlite, directory / "gatehouse.db")
    app = create_app(settings, reference=reference)
    yield app
    application_of(app).store.dispose()


@pytest.fixture
def enter(app: Any, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Signs a new reviewer in, with a password of their own."""
    manage = ManageReviewers(application_of(app).store.begin)

    def entering(role: str, which: str = "") -> Any:
        name = f"{role}{which}{abs(hash(request.node.name)) % 10**8}"
        made = manage.create(name, Role(role), actor="tests", now=datetime.now(UTC))
        client = app.test_client()
        client.post("/console/sign-in", data={"name": name, "password": made.password})
        form = {"old": made.password, "new": NEW, "again": NEW, "form_token": _token(client, "/console/password")}
        assert client.post("/console/password", data=form).status_code == 303
        return client

    return entering


@dataclass
class Desk:
    """A signed-in reviewer at the pages: forms carry their token, answers are texts."""

    client: Any
    form_token: str

    def read(self, path: str, status: int = 200) -> str:
        answer = self.client.get(f"/console/{path}")
        assert answer.status_code == status, answer.text
        return str(answer.text)

    def send(self, path: str, status: int = 303, **data: Any) -> str:
        """Post a form; the page it leads to, or the page that refuses it."""
        answer = self.client.post(f"/console/{path}", data={"form_token": self.form_token, **data})
        assert answer.status_code == status, answer.text
        return str(self.client.get(answer.headers["Location"]).text if status == 303 else answer.text)


@pytest.fixture
def desk(enter: Callable[..., Any]) -> Callable[..., Desk]:
    """A desk of a new reviewer of a role."""

    def sitting(role: str, which: str = "") -> Desk:
        client = enter(role, which)
        return Desk(client, _token(client, "/console/search"))

    return sitting


def _token(client: Any, path: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', client.get(path).text)
    assert found is not None
    return found.group(1)
