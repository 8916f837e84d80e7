"""An OpenID provider that does as it is told, for the tests of signing in."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey

ORCID = "0000-0005-9999-0012"


@cache
def _first_key() -> RSAKey:
    """Every provider's key until it rotates: to find one takes a moment."""
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@dataclass
class OpenIdProvider:
    """An OpenID provider that does as it is told: authorization code, PKCE, RS256; ORCID's records as well.

    ``claims`` are of whoever signs in, ``in_token`` overrides claims of the id token, ``refuses`` breaks a step.
    """

    client_id: str = "gatehouse"
    client_secret: str = "a secret of the provider's"
    claims: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "ada",
            "email": "ada.example@ox.ac.uk",
            "email_verified": True,
            "eduperson_scoped_affiliation": ["student@ox.ac.uk", "member@ox.ac.uk"],
        }
    )
    in_token: dict[str, Any] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    record: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=_first_key)
    issuer: str = ""
    given: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)

    def app(self) -> Flask:
        app = Flask("provider")
        app.add_url_rule("/.well-known/openid-configuration", "discovery", self.discovery)
        app.add_url_rule("/keys", "keys", lambda: jsonify(keys=[self.key.as_dict(private=False)]))
        app.add_url_rule("/authorize", "authorize", self.authorize, methods=["GET", "POST"])
        app.add_url_rule("/token", "token", self.token, methods=["POST"])
        app.add_url_rule("/userinfo", "userinfo", self.userinfo)
        app.add_url_rule("/records/<orcid>/record", "record", lambda orcid: jsonify(self.record))  # noqa: ARG005
        return app

    def discovery(self) -> Response:
        names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        paths = ("authorize", "token", "userinfo", "keys")
        issuer = "https://elsewhere.example" if "issuer" in self.refuses else self.issuer
        return jsonify(issuer=issuer, **{n: f"{self.issuer}/{p}" for n, p in zip(names, paths, strict=True)})

    def authorize(self) -> Any:
        asked = request.args
        assert (asked["client_id"], asked["response_type"]) == (self.client_id, "code")
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        if request.method == "GET":
            button = "<form method='post'><button>Sign in as Ada</button></form>"
            return f"<!doctype html><title>University</title><link rel=icon href='data:,'>{button}"
        code = secrets.token_urlsafe(16)
        self.given[code] = dict(asked)
        return redirect(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    def token(self) -> Any:
        asked = self.given.pop(request.form.get("code", ""), None)
        challenge = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
        known = request.authorization
        if (
            asked is None
            or "token" in self.refuses
            or base64.urlsafe_b64encode(challenge).decode().rstrip("=") != asked["code_challenge"]
            or request.form.get("redirect_uri") != asked["redirect_uri"]
            or known is None
            or (known.username, known.password) != (self.client_id, self.client_secret)
        ):
            return jsonify(error="invalid_grant"), 400
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= {"sub": self.claims["sub"], **self.in_token}
        access = secrets.token_urlsafe(16)
        self.tokens.add(access)
        id_token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signing_key)
        return jsonify(access_token=access, token_type="Bearer", expires_in=300, id_token=id_token)

    @property
    def signing_key(self) -> RSAKey:
        return RSAKey.generate_key(2048, {"kid": "one"}) if "signature" in self.refuses else self.key

    def userinfo(self) -> Any:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return jsonify(error="invalid_token"), 401
        return jsonify({**self.claims, "sub": "somebody else"} if "userinfo" in self.refuses else self.claims)


def orcid_record(*, age_days: int = 400, asserted: bool = True) -> dict[str, Any]:
    """An ORCID record as the public API gives it, in the parts that matter."""
    begun = datetime.now(UTC) - timedelta(days=age_days)
    source = {"source-client-id": {"path": "APP-1"}} if asserted else {"source-orcid": {"path": ORCID}}
    return {
        "history": {"submission-date": {"value": int(begun.timestamp() * 1000)}},
        "activities-summary": {"employments": {"affiliation-group": [{"summaries": [{"source": source}]}]}},
    }
