"""What every command that needs the service starts from: its settings and its store."""

from __future__ import annotations

import os
import sys

from rich.console import Console

from models.reference.reference import Reference, load_reference
from service.config import Settings, read_settings
from service.storage.encryption import Encryption
from service.storage.pseudonyms import Pseudonyms
from service.storage.sql.store import SqlStore


def settings_here() -> Settings:
    """The settings of this process's environment."""
    return read_settings(os.environ)


def console() -> Console:
    """Where commands talk to people: standard error, so that standard output stays for results."""
    return Console(file=sys.stderr)


def store_of(settings: Settings) -> SqlStore:
    """The store of the configured database."""
    return SqlStore(
        settings.database_url,
        encryption=Encryption([(key.version, key.key) for key in settings.encryption_keys]),
        pseudonyms=Pseudonyms([(key.version, key.key) for key in settings.pseudonym_keys]),
    )


def reference_of(settings: Settings) -> Reference:
    """The reference data of the configured files."""
    return load_reference(
        country_database=settings.geoip_country_db,
        asn_database=settings.geoip_asn_db,
        events=settings.events_file,
    )
