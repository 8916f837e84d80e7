"""A service with real neighbours on loopback: an SMTP server, an OpenID provider, and its own web server and worker."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import default as parsing
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import BaseWSGIServer, make_server

from models.reference.reference import Reference
from service.app import Application, application_of, create_app
from service.config import PREFIX, Settings, read_settings
from service.domain.caller import Scope
from service.domain.policy import default_policy_text
from service.jobs import step_up_jobs
from service.usecases.install_policy import InstallPolicy
from service.usecases.issue_key import IssueKey
from service.usecases.open_case import subject_of
from service.worker import Worker
from tests.challenges.openid_provider import OpenIdProvider, orcid_record

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEYS = {
    "ENCRYPTION_KEYS": "1:" + base64.b64encode(bytes(range(32))).decode(),
    "PSEUDONYM_KEYS": "1:" + base64.b64encode(bytes(range(32, 64))).decode(),
}


@dataclass
class Mailbox:
    """A mail server that keeps what it is given; ``refuse`` is what it answers in place of taking it."""

    host: str = "127.0.0.1"
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuse: str | None = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002 - aiosmtpd names it
        if self.refuse is not None:
            return self.refuse
        mail: Message = BytesParser(policy=parsing).parsebytes(envelope.content)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"

    @property
    def codes(self) -> list[str]:
        return [re.findall(r"\b\d{6}\b", str(mail["Subject"]))[0] for mail in self.mails]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real SMTP server on loopback."""
    box = Mailbox()
    # Port 0 is not for aiosmtpd's own check that it answers: bind first, then hand the number over.
    import socket

    with socket.socket() as probe:
        probe.bind((box.host, 0))
        box.port = probe.getsockname()[1]
    controller = Controller(box, hostname=box.host, port=box.port)
    controller.start()
    yield box
    controller.stop()


class Served:
    """A WSGI application served over real HTTP on loopback, in a thread."""

    def __init__(self, server: BaseWSGIServer) -> None:
        self.address = f"http://127.0.0.1:{server.server_port}"
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serves applications; stops them in the end."""
    served: list[Served] = []

    def serving(app: Any, port: int = 0) -> Served:
        served.append(Served(make_server("127.0.0.1", port, app, threaded=True)))
        return served[-1]

    yield serving
    for each in served:
        each.stop()


@pytest.fixture
def provider(serve: Callable[..., Served]) -> OpenIdProvider:
    """A real OpenID provider on loopback."""
    made = OpenIdProvider(record=orcid_record())
    made.issuer = serve(made.app()).address
    return made


@pytest.fixture
def providers_file(provider: OpenIdProvider, tmp_path: Path) -> Path:
    """The operator's file of providers: one for every institution, one that stands for ORCID."""
    file = tmp_path / "providers.toml"
    shared = f'issuer = "{provider.issuer}"\nclient_id = "{provider.client_id}"\n'
    shared += f'client_secret = "{provider.client_secret}"\n'
    file.write_text(
        f'[providers.federation]\nmethod = "institution_sso"\n{shared}'
        f'[providers.orcid]\nmethod = "orcid_sign_in"\n{shared}record_api = "{provider.issuer}/records"\n'
    )
    return file


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Service:
    """A running service as the sign-up flow and the person see it, and its worker."""

    app: Flask
    client: FlaskClient
    headers: dict[str, str]
    clock: Clock
    worker: Worker

    @property
    def parts(self) -> Application:
        return application_of(self.app)

    def sign_up(self, document: dict[str, Any]) -> dict[str, Any]:
        response = self.client.post("/v1/signups", json=document, headers=self.headers)
        assert response.status_code in {200, 201}, response.data
        answer: dict[str, Any] = response.get_json()
        return answer

    def read(self, signup: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get(f"/v1/signups/{signup}", headers=self.headers).get_json()
        return answer

    def post(self, path: str, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        response = self.client.post(path, json=document, headers=self.headers)
        return response.status_code, response.get_json()

    def work(self) -> dict[str, int]:
        return dict(self.worker.round())

    def case_about(self, answer: dict[str, Any]) -> Any:
        """The unresolved case in which a person is to judge a sign-up."""
        with self.parts.store.begin() as work:
            return work.cases.of_subject("acme", subject_of(answer["id"]))

    def events(self, signup: str) -> list[tuple[str, Any]]:
        with self.parts.store.begin() as work:
            return [(each.type.value, each.data) for each in work.events.of_subject(signup)]

    def step_up(self, signup: str) -> Any:
        with self.parts.store.begin() as work:
            return work.step_ups.of_record(signup)

    def page(self, answer: dict[str, Any]) -> str:
        """The path of the hosted page of a sign-up."""
        url: str = answer["challenges"][0]["url"]
        return url.removeprefix(self.parts.settings.public_url)


@pytest.fixture
def settings_for(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a database."""

    def make(database_url: str, **changes: str) -> Settings:
        plain = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data"), **KEYS, **changes}
        return read_settings({PREFIX + name: value for name, value in plain.items()})

    return make


@pytest.fixture
def start(settings_for: Callable[..., Settings], reference: Reference) -> Iterator[Callable[..., Service]]:
    """Starts services on migrated databases; ``owner`` names whose key the service's client carries."""
    started: list[Service] = []

    def starting(database_url: str, *, owner: str = "acme", **changes: str) -> Service:
        settings, clock = settings_for(database_url, **changes), Clock()
        app = create_app(settings, reference=reference, clock=clock)
        store = application_of(app).store
        InstallPolicy(store.begin)(now=clock.now)
        issued = IssueKey(store.begin)(name=owner, owner=owner, scopes=[Scope.SIGNUPS], actor="test", now=clock.now)
        worker = Worker(step_up_jobs(store, settings, reference), now=clock)
        started.append(Service(app, app.test_client(), {"Authorization": f"Bearer {issued.token}"}, clock, worker))
        return started[-1]

    yield starting
    for service in started:
        service.parts.store.dispose()


@pytest.fixture
def service(sqlite_url: str, start: Callable[..., Service], mailbox: Mailbox, providers_file: Path) -> Service:
    """A service with mail and sign-in, on SQLite."""
    return start(
        sqlite_url,
        SMTP_URL=f"smtp://{mailbox.host}:{mailbox.port}",
        MAIL_FROM="signup@gatehouse.example",
        OIDC_PROVIDERS=str(providers_file),
    )


@pytest.fixture
def flow(sqlite_url: str, start: Callable[..., Any]) -> Any:
    """A service without mail and sign-in: the sign-up flow runs every method."""
    return start(sqlite_url)


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    """A sign-up that a rule steps up because a program drove the browser; name only what matters."""

    def make(signup_id: str = "su_1", **changes: Any) -> dict[str, Any]:
        return {
            "signup_id": signup_id,
            "account_type": "educational",
            "identity": {"full_name": "Ada Example", "country": "GB", "role": "student", "birth_year": 2004},
            "email": "ada.example@ox.ac.uk",
            "device": {"ip": "81.2.69.142", "webdriver": True},
            **changes,
        }

    return make


@pytest.fixture
def claimed_at_oxford(document: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """A student with a free mailbox who names a listed institution."""
    identity = {"full_name": "Ada Example", "country": "GB", "role": "student", "birth_year": 2004}
    identity["institution"] = {"name": "University of Oxford"}  # type: ignore[assignment]
    return document(identity=identity, email="ada.example@gmail.com", prior_checks={"email_verified": True})


@pytest.fixture
def decide_by_campaign() -> Callable[[Service], None]:
    """Gives a service a policy that holds or declines at once who comes with the campaign ``review`` or ``deny``."""
    rules = "".join(
        f'[[rules]]\nid = "campaign_{decision}"\n'
        f"when = 'has(signup.custom.campaign) && signup.custom.campaign == \"{decision}\"'\n"
        f'at_least = "{decision}"\nreason = "CAMPAIGN"\ntext = "The campaign."\n'
        for decision in ("review", "deny")
    )
    document = f"{default_policy_text()}\n{rules}\n[review]\nblind_sample = 0.0\n"

    def give(service: Service) -> None:
        with service.parts.store.begin() as work:
            work.policies.add(document, at=service.clock.now, by="t", reason="two campaigns", activate=True)
            work.commit()

    return give


@pytest.fixture
def card(document: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """A sign-up with a telephone and a card, stepped up by a rule about cards."""
    payment = {"method": "card", "fingerprint": "fp_1", "bin": "424242", "cardholder_name": "A EXAMPLE"}
    return document(payment=payment, phone="+442079460958")


def one(answer: dict[str, Any]) -> dict[str, Any]:
    """The only challenge of an answer."""
    [challenge] = answer["challenges"]
    found: dict[str, Any] = challenge
    return found
