"""OpenID Connect with one provider: discovery, authorization code with PKCE, and claims that are checked.

The provider is one that the operator has registered with. Its answers are bounded in time and size all the same, no
redirect is followed, and nothing is believed that its keys have not signed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any  # Any: claims and documents of a provider are its own JSON
from urllib.parse import urlsplit

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.challenges.providers import Registration
from service.usecases.step_up_methods import SignInBrokenError, SignInSecrets

TIMEOUT_S = (3.05, 5.0)
_LARGEST_DOCUMENT = 256 * 1024
_FRESH_FOR_S = 3_600.0
_AGAIN_AFTER_S = 30.0
_LEEWAY_S = 60
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
"""Signatures only: a provider's public key never doubles as a shared secret, and nothing goes unsigned."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The provider's documents and when they were read."""

    metadata: Mapping[str, Any]
    keys: KeySet
    read_at: float


class OpenIdClient:
    """One provider. Its documents are read when first needed, and again every hour or when a key is unknown."""

    def __init__(self, provider: Registration, redirect_uri: str, monotonic: Callable[[], float]) -> None:
        self._provider = provider
        self._redirect_uri = redirect_uri
        self._monotonic = monotonic
        self._reading = threading.Lock()
        self._known: _Known | None = None

    def address(self, secrets: SignInSecrets) -> str:
        """Where to send the browser.

        Raises:
            SignInBrokenError: the provider cannot be reached, or its documents are not usable.
        """
        metadata = self._documents().metadata
        with self._session() as session:
            address, _ = session.create_authorization_url(
                metadata["authorization_endpoint"],
                state=secrets.state,
                code_verifier=secrets.verifier,
                nonce=secrets.nonce,
            )
        return str(address)

    def claims(self, code: str, secrets: SignInSecrets, *, now: datetime) -> Mapping[str, Any]:
        """Exchange the code; the claims of the signed id token, with those of the userinfo endpoint.

        Raises:
            SignInBrokenError: the provider cannot be reached, or its answer is not to be trusted.
        """
        known = self._documents()
        try:
            with self._session() as session:
                token = session.fetch_token(
                    known.metadata["token_endpoint"],
                    code=code,
                    code_verifier=secrets.verifier,
                    grant_type="authorization_code",
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                )
                claims = self._verified(str(token.get("id_token", "")), known, secrets, now)
                return {**self._userinfo(session, known, claims), **claims}
        except (OAuthError, requests.RequestException, ValueError, KeyError) as error:
            raise SignInBrokenError from error

    def _verified(self, id_token: str, known: _Known, secrets: SignInSecrets, now: datetime) -> dict[str, Any]:
        try:
            try:
                token = jwt.decode(id_token, known.keys, algorithms=_ALGORITHMS)
            except (JoseError, ValueError):
                # Keys rotate: look once more before the token is called false.
                token = jwt.decode(id_token, self._documents(again=True).keys, algorithms=_ALGORITHMS)
            registry = jwt.JWTClaimsRegistry(
                now=int(now.timestamp()),
                leeway=_LEEWAY_S,
                iss={"essential": True, "value": self._provider.issuer},
                aud={"essential": True, "value": self._provider.client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": secrets.nonce},
            )
            registry.validate(token.claims)
        except (JoseError, ValueError) as error:
            raise SignInBrokenError from error
        if token.claims.get("azp", self._provider.client_id) != self._provider.client_id:
            raise SignInBrokenError
        return dict(token.claims)

    def _userinfo(self, session: OAuth2Session, known: _Known, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Affiliations often come only here; of another subject they are not believed."""
        endpoint = known.metadata.get("userinfo_endpoint")
        if endpoint is None:
            return {}
        found = _document(session.get(str(endpoint), timeout=TIMEOUT_S, allow_redirects=False, stream=True))
        if found.get("sub") != claims["sub"]:
            raise SignInBrokenError
        return found

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            client_id=self._provider.client_id,
            client_secret=self._provider.client_secret or None,
            token_endpoint_auth_method="client_secret_basic" if self._provider.client_secret else "none",
            scope=" ".join(("openid", *self._provider.scopes)),
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
        )

    def _documents(self, *, again: bool = False) -> _Known:
        known, now = self._known, self._monotonic()
        longest = _AGAIN_AFTER_S if again else _FRESH_FOR_S
        if known is not None and now - known.read_at < longest:
            return known
        with self._reading:
            if self._known is not known and self._known is not None:
                return self._known
            try:
                self._known = self._read(now)
            except (requests.RequestException, ValueError, KeyError, JoseError) as error:
                raise SignInBrokenError from error
            return self._known

    def _read(self, now: float) -> _Known:
        issuer = self._provider.issuer
        metadata = get_document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != issuer:
            raise ValueError("the discovery document is of another issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if urlsplit(str(metadata[name])).scheme != urlsplit(issuer).scheme:
                raise ValueError(f"{name} is not as safe as the issuer")
        return _Known(metadata, KeySet.import_key_set(_keys(get_document(str(metadata["jwks_uri"])))), now)


def get_document(address: str) -> dict[str, Any]:
    """A JSON object from an address.

    Raises:
        requests.RequestException: it cannot be fetched.
        ValueError: it is no JSON object, or too large.
    """
    with requests.Session() as session:
        return _document(
            session.get(
                address,
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,
                headers={"Accept": "application/json"},
            )
        )


def _document(response: requests.Response) -> dict[str, Any]:
    with response:
        if response.status_code != requests.codes.ok:
            raise ValueError("the provider refused")
        body = b""
        for part in response.iter_content(16 * 1024):
            body += part
            if len(body) > _LARGEST_DOCUMENT:
                raise ValueError("the provider's answer is too large")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("the provider's answer is no JSON object")
    return found


def _keys(document: dict[str, Any]) -> Any:
    """The keys that sign. Any: joserfc's own type of a key set."""
    return {"keys": [key for key in document["keys"] if key.get("use", "sig") == "sig"]}
