"""Who a reviewer is at the OpenID provider: an e-mail address or a subject, known here by a keyed digest alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from service.domain.errors import FieldError, InvalidError
from service.usecases.ports_idempotency import Fingerprint

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Identities:
    """Digests of identities at one provider; of another issuer the same subject is somebody else."""

    issuer: str
    digest: Callable[[str], Fingerprint]

    def of_text(self, text: str) -> bytes:
        """The digest of what an admin wrote.

        Raises:
            InvalidError: it is neither an e-mail address nor a subject.
        """
        plain = text.strip()
        if not plain or len(plain) > _LIMIT or not plain.isprintable():
            message = f"must be an e-mail address or a subject at the provider, {_LIMIT} characters at most"
            raise InvalidError("The identity cannot be used.", (FieldError("/identity", message),))
        return self._of(plain, is_email=_EMAIL.fullmatch(plain) is not None).newest

    def of_claims(self, claims: Mapping[str, object]) -> Sequence[Fingerprint]:
        """Who the provider says it is, the subject first. An address that it has not verified names nobody."""
        found = [self._of(str(claims["sub"]), is_email=False)]
        email = claims.get("email")
        if isinstance(email, str) and claims.get("email_verified") is True:
            found.append(self._of(email.strip(), is_email=True))
        return found

    def _of(self, name: str, *, is_email: bool) -> Fingerprint:
        # Mailboxes differ by case at no provider that people sign in with; subjects do (OpenID Connect Core, 2).
        kind, plain = ("email", name.casefold()) if is_email else ("subject", name)
        return self.digest(f"reviewer {kind} at {self.issuer}\n{plain}")
