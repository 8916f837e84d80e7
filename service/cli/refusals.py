"""The errors that end a command in one clear line, because the person can do something about them."""

from __future__ import annotations

from models.card import CardInvalidError
from models.registry import RegistryError
from models.text_lines import SignupFileError
from service.config import SettingsError
from service.domain.errors import GatehouseError, InvalidError, UnavailableError

REFUSALS = (GatehouseError, SettingsError, RegistryError, CardInvalidError, SignupFileError, OSError)


def refusal_text(error: Exception) -> str:
    """What the person reads: what was wrong and where."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    text = str(error)
    if isinstance(error, InvalidError):
        untold = [f"{each.pointer} {each.message}" for each in error.errors if each.pointer not in text]
        return f"{text} {'; '.join(untold)}".rstrip()
    if isinstance(error, UnavailableError) and (why := database_trouble(error.__cause__)):
        return f"{text} ({why})"
    return text


def database_trouble(error: BaseException | None) -> str | None:
    """What the driver said of a database that cannot be used; ``None`` where it might repeat a recorded value."""
    from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError  # noqa: PLC0415 - so that --help loads nothing

    # The others speak of rows; these of connections, files, locks, privileges and missing tables.
    if not isinstance(error, DatabaseError) or type(error) not in {DatabaseError, OperationalError, ProgrammingError}:
        return None
    return next(iter(str(error.orig).splitlines()), None)
