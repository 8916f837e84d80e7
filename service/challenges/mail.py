"""Mail: a code handed over to the operator's SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate

from service.challenges.smtp_address import SmtpServer
from service.challenges.texts import texts_in
from service.usecases.send_codes import MailNotSentError

TIMEOUT_S = 10.0
_OFFERS_TLS = "starttls"


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
        message.set_content(texts("mail_body", code=code, minutes=minutes, reference=reference))
        message["Content-Language"] = language  # setting the content takes headers about another one away
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
