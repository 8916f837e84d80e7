"""Give a caller an API key, and take one away."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from service.domain.caller import Scope
from service.domain.errors import FieldError, InvalidError, NotFoundError
from service.usecases.authenticate import digest_of_secret
from service.usecases.ports import AuditEntry, Begin
from service.usecases.ports_api_keys import ApiKey

_NAME_LIMIT = 100


@dataclass(frozen=True, slots=True, repr=False)
class IssuedKey:
    """A new key with its token. The token is shown once and stored nowhere; ``repr`` must not show it either."""

    key: ApiKey
    token: str


@dataclass(frozen=True, slots=True)
class IssueKey:
    """Creates API keys; ``random_hex`` gives the hexadecimal form of so many random bytes."""

    begin: Begin
    random_hex: Callable[[int], str] = secrets.token_hex

    def __call__(
        self, *, name: str, scopes: Iterable[str], actor: str, now: datetime, owner: str | None = None
    ) -> IssuedKey:
        """Record a new key and its audit entry; the owner is the name unless another is given.

        Raises:
            InvalidError: no name, no scope or an unknown one.
            UnavailableError: the database cannot be used.
        """
        owner = name if owner is None else owner
        granted = frozenset(scopes)
        _check(name, owner, granted)
        secret = self.random_hex(32)
        key = ApiKey(
            id=self.random_hex(6),
            name=name,
            owner=owner,
            scopes=granted,
            secret_digest=digest_of_secret(secret),
            created_at=now,
        )
        detail: dict[str, object] = {"name": name, "owner": owner, "scopes": sorted(granted)}
        with self.begin() as work:
            work.keys.add(key)
            work.audit.add(AuditEntry(now, actor, "key.issued", f"key:{key.id}", detail))
            work.commit()
        return IssuedKey(key, f"gh_{key.id}_{secret}")


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """Ends API keys; a running service notices within the cache time of :mod:`service.usecases.authenticate`."""

    begin: Begin

    def __call__(self, key_id: str, *, actor: str, now: datetime) -> None:
        """End the key and write the audit entry.

        Raises:
            NotFoundError: there is no such key, or it has ended already.
            UnavailableError: the database cannot be used.
        """
        with self.begin() as work:
            key = work.keys.get(key_id)
            if key is None or key.revoked_at is not None or not work.keys.revoke(key_id, at=now):
                raise NotFoundError("There is no such API key in use.")
            work.audit.add(AuditEntry(now, actor, "key.revoked", f"key:{key_id}", {}))
            work.commit()


def _check(name: str, owner: str, scopes: frozenset[str]) -> None:
    errors = [
        FieldError(f"/{field}", f"must be 1 to {_NAME_LIMIT} printable characters")
        for field, value in (("name", name), ("owner", owner))
        if not value.strip() or len(value) > _NAME_LIMIT or not value.isprintable()
    ]
    if not scopes or not scopes <= set(Scope):
        errors.append(FieldError("/scopes", "must be one or more of " + ", ".join(Scope)))
    if errors:
        raise InvalidError("The key cannot be issued.", tuple(errors))
