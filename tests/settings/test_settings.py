"""Settings: defaults that work, generated secrets that stay, and every mistake named at once."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from service.config import SettingsError, read_settings

KEY = base64.b64encode(bytes(32)).decode()
OTHER_KEY = base64.b64encode(bytes([1]) * 32).decode()


def test_nothing_set_gives_an_embedded_service(tmp_path: Path) -> None:
    settings = read_settings({"GATEHOUSE_DATA_DIR": str(tmp_path)})

    assert settings.embedded
    assert settings.bind == "127.0.0.1:8000"
    assert settings.database_url == f"sqlite:///{tmp_path / 'gatehouse.db'}"


def test_generated_secrets_stay_the_same_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    environment = {"GATEHOUSE_DATA_DIR": str(tmp_path)}
    first = read_settings(environment)

    assert read_settings(environment).encryption_keys == first.encryption_keys
    assert first.encryption_keys[0].key != first.pseudonym_keys[0].key
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_postgresql_never_gets_generated_secrets(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"GATEHOUSE_DATABASE_URL": "postgresql://db/gatehouse", "GATEHOUSE_DATA_DIR": str(tmp_path)})

    assert "GATEHOUSE_ENCRYPTION_KEYS is required" in str(refused.value)
    assert "GATEHOUSE_PSEUDONYM_KEYS is required" in str(refused.value)
    assert not (tmp_path / "secrets.json").exists()


def test_keys_are_read_newest_first(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "GATEHOUSE_DATABASE_URL": "postgresql://db/gatehouse",
            "GATEHOUSE_DATA_DIR": str(tmp_path),
            "GATEHOUSE_ENCRYPTION_KEYS": f"2:{OTHER_KEY}, 1:{KEY}",
            "GATEHOUSE_PSEUDONYM_KEYS": f"1:{KEY}",
        }
    )

    assert [key.version for key in settings.encryption_keys] == [2, 1]
    assert settings.database_url == "postgresql+psycopg://db/gatehouse"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKERS", "0"),
        ("WORKERS", "many"),
        ("THREADS", "65"),
        ("THREADS", "6"),
        ("BIND", "8000"),
        ("BIND", "localhost:99999"),
        ("DATABASE_URL", "mysql://db"),
        ("DATABASE_URL", "postgresql://db:port/gatehouse"),
        ("ENCRYPTION_KEYS", "1:short"),
        ("PSEUDONYM_KEYS", f"1:{KEY},1:{OTHER_KEY}"),
        ("GEOIP_ASN_DB", "nowhere.mmdb"),
        ("WEBHOOK_PRIVATE_ADDRESSES", "yes"),
        ("WEBHOOK_TIMEOUT_S", "0"),
        ("WORKER_METRICS_BIND", "9000"),
        ("EVENTS_FILE", "nowhere.toml"),
        ("LOG_LEVEL", "loud"),
        ("DATABSE_URL", "sqlite:///x"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"GATEHOUSE_{name}"):
        read_settings({"GATEHOUSE_DATA_DIR": str(tmp_path), f"GATEHOUSE_{name}": value})


def test_a_file_of_events_is_checked_when_settings_are_read(tmp_path: Path) -> None:
    events = tmp_path / "events.toml"
    events.write_text("[[event]]\nname = 'Release'\n")

    with pytest.raises(SettingsError, match=r"EVENTS_FILE cannot be used: events\.toml, event 1: start must"):
        read_settings({"GATEHOUSE_DATA_DIR": str(tmp_path), "GATEHOUSE_EVENTS_FILE": str(events)})


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"GATEHOUSE_DATA_DIR": str(tmp_path), "GATEHOUSE_WORKERS": "x", "GATEHOUSE_BIND": "y"})

    assert "GATEHOUSE_WORKERS" in str(refused.value)
    assert "GATEHOUSE_BIND" in str(refused.value)


def test_a_mistake_never_repeats_a_secret(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"GATEHOUSE_DATA_DIR": str(tmp_path), "GATEHOUSE_ENCRYPTION_KEYS": "1:very-secret"})

    assert "very-secret" not in str(refused.value)
