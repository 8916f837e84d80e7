"""The errors that end a command in one clear line, because the person can do something about them."""

from __future__ import annotations

from models.card import CardInvalidError
from models.registry import RegistryError
from service.config import SettingsError
from service.domain.errors import GatehouseError

REFUSALS = (GatehouseError, SettingsError, RegistryError, CardInvalidError, OSError)


def refusal_text(error: Exception) -> str:
    """What the person reads: what was wrong and where."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
