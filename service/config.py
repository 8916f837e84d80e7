"""Settings: environment variables named ``GATEHOUSE_…``, read in one place, all mistakes reported at once."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from service.challenges.providers import Provider, ProvidersInvalidError, Registration, read_providers, registration_of
from service.challenges.smtp_address import SmtpAddressError, SmtpServer, smtp_server_of

PREFIX = "GATEHOUSE_"
_SECRETS_FILE = "secrets.json"
_KEY_BYTES = 32

LIGHT_THREADS = 4
"""Threads of a worker that no decision may take: what health, metrics and refusals are answered by."""


class SettingsError(Exception):
    """One or more settings are wrong; the text names every one of them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as the README documents it."""

    name: str
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting("DATABASE_URL", "SQLite under `DATA_DIR`", "`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`"),
    Setting("DATA_DIR", "`data`", "where the embedded database, its generated secrets and models live"),
    Setting(
        "MODEL_DIR",
        "`DATA_DIR/models`",
        "the model registry; without an active model in it the shipped baseline scores",
    ),
    Setting("BIND", "`127.0.0.1:8000`", "address and port to serve on"),
    Setting("WORKERS", "`2`", "worker processes, 1 to 64"),
    Setting("THREADS", "`32`", "threads a worker, 8 to 64"),
    Setting(
        "HEAVY_REQUESTS",
        "`4`",
        "requests a worker decides at once, long lists half as many; the others wait, health answers do not",
    ),
    Setting(
        "ENCRYPTION_KEYS",
        "generated on the embedded database",
        "`VERSION:BASE64` keys of 32 bytes, newest first, by commas: they encrypt personal data",
    ),
    Setting(
        "PSEUDONYM_KEYS",
        "generated on the embedded database",
        "`VERSION:BASE64` keys of 32 bytes, newest first, by commas: they digest identifiers",
    ),
    Setting("GEOIP_COUNTRY_DB", "embedded data", "MaxMind-format file of countries"),
    Setting("GEOIP_ASN_DB", "embedded data", "MaxMind-format file of networks"),
    Setting(
        "WEBHOOK_PRIVATE_ADDRESSES",
        "`false`",
        "`true` lets webhooks go to plain http and to private, loopback and link-local addresses",
    ),
    Setting("WEBHOOK_TIMEOUT_S", "`10`", "seconds an attempt to deliver a webhook may take, 1 to 60"),
    Setting("WORKER_METRICS_BIND", "nowhere", "address and port where `gatehouse worker` serves its own `/metrics`"),
    Setting("EVENTS_FILE", "none", "TOML of announced events, whose crowds are expected; read at start"),
    Setting(
        "PUBLIC_URL", "`http://BIND`", "what people reach this service at; links to the hosted pages begin with it"
    ),
    Setting(
        "SMTP_URL",
        "no mail",
        "`smtp://HOST:PORT` (TLS where offered) or `smtps://USER:PASSWORD@HOST:PORT`: where codes are handed over",
    ),
    Setting("MAIL_FROM", "required with `SMTP_URL`", "the address that codes come from"),
    Setting("OIDC_PROVIDERS", "none", "TOML file of the OpenID providers for institutions and ORCID"),
    Setting(
        "REVIEWERS_OIDC_ISSUER",
        "passwords only",
        "the OpenID provider at which reviewers may sign in too; register `PUBLIC_URL/console/sign-in/return` there",
    ),
    Setting("REVIEWERS_OIDC_CLIENT_ID", "required with an issuer", "of this service at that provider"),
    Setting("REVIEWERS_OIDC_CLIENT_SECRET", "a public client", "of this service at that provider"),
    Setting("LOG_LEVEL", "`info`", "`debug`, `info`, `warning` or `error`"),
)


@dataclass(frozen=True, slots=True)
class VersionedKey:
    """A 32-byte key with the version that rows written with it record."""

    version: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the environment decides."""

    database_url: str
    data_dir: Path
    model_dir: Path
    bind: str
    workers: int
    threads: int
    heavy_requests: int
    encryption_keys: tuple[VersionedKey, ...]
    pseudonym_keys: tuple[VersionedKey, ...]
    geoip_country_db: Path | None
    geoip_asn_db: Path | None
    webhook_private_addresses: bool
    webhook_timeout_s: int
    worker_metrics_bind: str | None
    events_file: Path | None
    public_url: str
    smtp: SmtpServer | None
    mail_from: str
    oidc_providers: Mapping[str, Provider]
    reviewers_oidc: Registration | None
    log_level: str

    @property
    def embedded(self) -> bool:
        """True on the embedded SQLite, which migrates itself and generates its own secrets."""
        return self.database_url.startswith("sqlite:")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that the environment describes.

    On the embedded database missing keys are generated into ``DATA_DIR/secrets.json`` (mode 0600).

    Raises:
        SettingsError: some are wrong or missing; all of them are named.
    """
    reader = _Reader(environment)
    data_dir = Path(reader.text("DATA_DIR", "data"))
    database_url = reader.database_url(data_dir)
    generate = _generator(data_dir) if database_url.startswith("sqlite:") else None
    settings = Settings(
        database_url=database_url,
        data_dir=data_dir,
        model_dir=Path(reader.text("MODEL_DIR", str(data_dir / "models"))),
        bind=reader.bind("BIND", "127.0.0.1:8000"),
        workers=reader.number("WORKERS", 2, 1, 64),
        threads=reader.number("THREADS", 32, 1, 64),
        heavy_requests=reader.number("HEAVY_REQUESTS", 4, 1, 64),
        encryption_keys=reader.keys("ENCRYPTION_KEYS", generate),
        pseudonym_keys=reader.keys("PSEUDONYM_KEYS", generate),
        geoip_country_db=reader.file("GEOIP_COUNTRY_DB"),
        geoip_asn_db=reader.file("GEOIP_ASN_DB"),
        webhook_private_addresses=reader.choice("WEBHOOK_PRIVATE_ADDRESSES", "false", ("true", "false")) == "true",
        webhook_timeout_s=reader.number("WEBHOOK_TIMEOUT_S", 10, 1, 60),
        worker_metrics_bind=reader.bind("WORKER_METRICS_BIND", "") or None,
        events_file=reader.events(),
        public_url=reader.public_url(),
        smtp=reader.smtp(),
        mail_from=reader.mail_from(),
        oidc_providers=reader.providers(),
        reviewers_oidc=reader.reviewers_oidc(),
        log_level=reader.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
    )
    if settings.threads < settings.heavy_requests + LIGHT_THREADS:
        reader.problem(
            "THREADS", f"must be at least HEAVY_REQUESTS + {LIGHT_THREADS}, so that health answers under load"
        )
    reader.raise_problems()
    return settings


class _Reader:
    """Reads one variable after another and remembers what was wrong with each."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._problems: list[str] = []
        known = {PREFIX + setting.name for setting in SETTINGS} | {
            PREFIX + "TEST_DATABASE_URL",
            PREFIX + "REQUIRE_BROWSER",
        }
        for name in sorted(environment):
            if name.startswith(PREFIX) and name not in known:
                self.problem(name.removeprefix(PREFIX), "is not a setting")

    def raise_problems(self) -> None:
        if self._problems:
            raise SettingsError("; ".join(self._problems))

    def text(self, name: str, default: str) -> str:
        return self._environment.get(PREFIX + name, "").strip() or default

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        raw = self.text(name, str(default))
        if not raw.isdecimal() or not lowest <= int(raw) <= highest:
            self.problem(name, f"must be a whole number from {lowest} to {highest}")
            return default
        return int(raw)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        raw = self.text(name, default).lower()
        if raw not in allowed:
            self.problem(name, f"must be one of {', '.join(allowed)}")
        return raw

    def file(self, name: str) -> Path | None:
        raw = self.text(name, "")
        if not raw:
            return None
        if not Path(raw).is_file():
            self.problem(name, "names no file that can be read")
        return Path(raw)

    def events(self) -> Path | None:
        path = self.file("EVENTS_FILE")
        if path is not None and path.is_file():
            # The reference data are a second of imports that most commands do not need.
            from models.reference.events import EventsError, read_events  # noqa: PLC0415

            try:
                read_events(path)
            except EventsError as error:
                self.problem("EVENTS_FILE", f"cannot be used: {error}")
        return path

    def bind(self, name: str, default: str) -> str:
        raw = self.text(name, default)
        host, colon, port = raw.rpartition(":")
        if raw and not (colon and host and port.isdecimal() and int(port) <= 65_535):
            self.problem(name, "must be HOST:PORT")
        return raw

    def database_url(self, data_dir: Path) -> str:
        raw = self.text("DATABASE_URL", f"sqlite:///{data_dir / 'gatehouse.db'}")
        for plain in ("postgresql://", "postgres://"):
            if raw.startswith(plain):
                raw = "postgresql+psycopg://" + raw.removeprefix(plain)
        if not raw.startswith(("sqlite:///", "postgresql+psycopg://")):
            self.problem("DATABASE_URL", "must start with sqlite:/// or postgresql://")
        elif not _is_url(raw):
            self.problem("DATABASE_URL", "must be a URL such as postgresql://USER:PASSWORD@HOST:5432/DATABASE")
        return raw

    def public_url(self) -> str:
        raw = self.text("PUBLIC_URL", f"http://{self.text('BIND', '127.0.0.1:8000')}").rstrip("/")
        if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?", raw):
            self.problem("PUBLIC_URL", "must be http:// or https:// and a host, without a query")
        return raw

    def smtp(self) -> SmtpServer | None:
        raw = self.text("SMTP_URL", "")
        try:
            return smtp_server_of(raw) if raw else None
        except SmtpAddressError as error:
            self.problem("SMTP_URL", str(error))
            return None

    def mail_from(self) -> str:
        raw = self.text("MAIL_FROM", "")
        if not raw and self.text("SMTP_URL", ""):
            self.problem("MAIL_FROM", "is required with SMTP_URL: the address that codes come from")
        if raw and not re.fullmatch(r"[^@\s<>\"]+@[A-Za-z0-9.-]+", raw):
            self.problem("MAIL_FROM", "must be an address such as signup@service.example")
        return raw

    def providers(self) -> Mapping[str, Provider]:
        path = self.file("OIDC_PROVIDERS")
        if path is None or not path.is_file():
            return {}
        try:
            return read_providers(path)
        except ProvidersInvalidError as error:
            self.problem("OIDC_PROVIDERS", f"({path.name}) {error}")
            return {}

    def reviewers_oidc(self) -> Registration | None:
        issuer, client_id = self.text("REVIEWERS_OIDC_ISSUER", ""), self.text("REVIEWERS_OIDC_CLIENT_ID", "")
        secret = self.text("REVIEWERS_OIDC_CLIENT_SECRET", "")
        if not issuer:
            if client_id or secret:
                self.problem("REVIEWERS_OIDC_ISSUER", "is required with the other settings of that provider")
            return None
        if not client_id:
            self.problem("REVIEWERS_OIDC_CLIENT_ID", "is required with REVIEWERS_OIDC_ISSUER")
            return None
        try:
            return registration_of(issuer, client_id, secret)
        except ProvidersInvalidError as error:
            self.problem("REVIEWERS_OIDC_ISSUER", f"cannot be used: {error}")
            return None

    def keys(self, name: str, generate: Callable[[str], str] | None) -> tuple[VersionedKey, ...]:
        raw = self.text(name, "")
        if not raw and generate is not None:
            raw = generate(name)
        if not raw:
            self.problem(name, "is required with this database (VERSION:BASE64 of 32 random bytes)")
            return ()
        keys = [_parse_key(part) for part in raw.split(",")]
        good = tuple(key for key in keys if key is not None)
        if len(good) != len(keys) or len({key.version for key in good}) != len(keys):
            self.problem(name, "must be VERSION:BASE64 of 32 bytes each, by commas, no version twice")
        return good

    def problem(self, name: str, problem: str) -> None:
        self._problems.append(f"{PREFIX}{name} {problem}")


def _is_url(text: str) -> bool:
    try:
        make_url(text)
    except (ValueError, ArgumentError):
        return False
    return True


def _parse_key(part: str) -> VersionedKey | None:
    version, _, encoded = part.strip().partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not version.isdecimal() or not 1 <= int(version) <= 32_767 or len(key) != _KEY_BYTES:
        return None
    return VersionedKey(int(version), key)


def _generator(data_dir: Path) -> Callable[[str], str]:
    """Gives the embedded database's own secret of a name, made on first use and kept beside the database."""

    def generate(name: str) -> str:
        path = data_dir / _SECRETS_FILE
        data_dir.mkdir(parents=True, exist_ok=True)
        kept = _kept_secrets(path)
        if name not in kept:
            kept[name] = "1:" + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
            written = path.with_suffix(f".{os.getpid()}")
            descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(kept, file)
                file.flush()
                os.fsync(file.fileno())
            written.replace(path)
        return kept[name]

    return generate


def _kept_secrets(path: Path) -> dict[str, str]:
    """The secrets made before.

    Raises:
        SettingsError: the file is damaged; new secrets could not read what the old ones encrypted.
    """
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        kept = None
    if not isinstance(kept, dict) or not all(isinstance(value, str) for value in kept.values()):
        raise SettingsError(f"{path} is damaged; restore it: what is recorded cannot be read without these secrets")
    return kept
