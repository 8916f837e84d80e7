"""The address of the operator's mail server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 25, "smtps": 465}


class SmtpAddressError(ValueError):
    """The address of the mail server is wrong; the text never repeats a password."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over.

    Attributes:
        host: its name.
        port: its port.
        encrypted: TLS from the first byte; else as soon as the server offers it.
        user: to authenticate as; ``None`` for a server that trusts this machine.
        password: the user's.
    """

    host: str
    port: int
    encrypted: bool
    user: str | None = None
    password: str | None = None


def smtp_server_of(address: str) -> SmtpServer:
    """The server of ``smtp://[USER:PASSWORD@]HOST[:PORT]``, or ``smtps://`` for TLS from the first byte.

    Raises:
        SmtpAddressError: it is something else.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise SmtpAddressError("must be smtp:// or smtps:// with a host and a port") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise SmtpAddressError("must be smtp://HOST:PORT or smtps://USER:PASSWORD@HOST:PORT")
    return SmtpServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        encrypted=parts.scheme == "smtps",
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )
