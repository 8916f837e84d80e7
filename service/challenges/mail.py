"""Mail: a code handed over to the operator's SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from service.challenges.texts import texts_in
from service.usecases.send_codes import MailNotSentError

TIMEOUT_S = 10.0
_PORTS = {"smtp": 25, "smtps": 465}
_OFFERS_TLS = "starttls"


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


@dataclass(frozen=True, slots=True)
class SmtpSendCode:
    """See ``service.usecases.send_codes.SendCode``."""

    server: SmtpServer
    sender: str

    def __call__(self, *, to: str, code: str, language: str, reference: str, minutes: int, mail_id: str) -> None:
        """See the protocol. A mail that is tried again keeps its Message-ID, so that servers may drop the second."""
        message = self._message(
            to=to, code=code, language=language, reference=reference, minutes=minutes, mail_id=mail_id
        )
        try:
            with self._connection() as connection:
                connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [refused for refused, _ in error.recipients.values()]
            raise MailNotSentError(final=all(each >= 500 for each in codes)) from None
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            # Its text may hold the address: what is told of it is its type, by whoever logs the cause.
            raise MailNotSentError(final=False) from error

    def _message(
        self, *, to: str, code: str, language: str, reference: str, minutes: int, mail_id: str
    ) -> EmailMessage:
        texts = texts_in(language)
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = to
        message["Subject"] = texts("mail_subject", code=code)
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = f"<{mail_id}@{self.sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = language
        message.set_content(texts("mail_body", code=code, minutes=minutes, reference=reference))
        return message

    def _connection(self) -> smtplib.SMTP:
        server, context = self.server, ssl.create_default_context()
        if server.encrypted:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        try:
            connection.ehlo_or_helo_if_needed()
            if not server.encrypted and connection.has_extn(_OFFERS_TLS):
                connection.starttls(context=context)
                connection.ehlo()
            if server.user is not None:
                connection.login(server.user, server.password or "")
        except BaseException:
            connection.close()
            raise
        return connection
