"""A stand-in for a university's sign-in, to try `institution_sso` with: everybody is Ada, a student at ox.ac.uk.

Never use it for anything else: it asks nobody for a password. `examples/providers.toml` names it to Gatehouse.

flask --app examples/openid_provider.py run --port 9100
"""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask, Response, abort, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.wrappers import Response as AnyResponse

CLIENT_ID, CLIENT_SECRET = "gatehouse", "only to try it"
ADA: dict[str, Any] = {
    "sub": "ada",
    "email": "ada.example@ox.ac.uk",
    "email_verified": True,
    "eduperson_scoped_affiliation": ["student@ox.ac.uk", "member@ox.ac.uk"],
}
PAGE = """<!doctype html><html lang="en"><title>A university's sign-in</title><link rel="icon" href="data:,">
<main><h1>A university's sign-in</h1><form method="post"><button>Sign in as Ada Example</button></form></main></html>"""


def create_app() -> Flask:
    """What ``flask run`` serves: discovery, keys, the page, tokens and claims."""
    app, key = Flask(__name__), RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    codes: dict[str, dict[str, str]] = {}
    tokens: set[str] = set()

    def issuer() -> str:
        return request.host_url.rstrip("/")

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        endpoints = {f"{name}_endpoint": f"{issuer()}/{path}" for name, path in names.items()}
        return jsonify(issuer=issuer(), jwks_uri=f"{issuer()}/keys", **endpoints)

    @app.get("/keys")
    def keys() -> Response:
        return jsonify(keys=[key.as_dict(private=False)])

    @app.get("/authorize")
    def ask() -> str:
        return PAGE

    @app.post("/authorize")
    def agree() -> AnyResponse:
        if request.args.get("client_id") != CLIENT_ID or request.args.get("code_challenge_method") != "S256":
            abort(400)
        code = secrets.token_urlsafe(16)
        codes[code] = dict(request.args)
        back = urlencode({"code": code, "state": request.args["state"]})
        return redirect(f"{request.args['redirect_uri']}?{back}")

    @app.post("/token")
    def token() -> tuple[Response, int]:
        asked, known = codes.pop(request.form.get("code", ""), None), request.authorization
        if (
            asked is None
            or known is None
            or (known.username, known.password) != (CLIENT_ID, CLIENT_SECRET)
            or create_s256_code_challenge(request.form.get("code_verifier", "")) != asked["code_challenge"]
            or request.form.get("redirect_uri") != asked["redirect_uri"]
        ):
            return jsonify(error="invalid_grant"), 400
        access, now = secrets.token_urlsafe(16), int(time.time())
        tokens.add(access)
        claims = {"iss": issuer(), "aud": CLIENT_ID, "sub": ADA["sub"], "iat": now, "exp": now + 300}
        id_token = jwt.encode({"alg": "RS256", "kid": "one"}, {**claims, "nonce": asked["nonce"]}, key)
        found = {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": id_token}
        return jsonify(found), 200

    @app.get("/userinfo")
    def userinfo() -> tuple[Response, int]:
        known = request.headers.get("Authorization", "").removeprefix("Bearer ") in tokens
        return (jsonify(ADA), 200) if known else (jsonify(error="invalid_token"), 401)

    return app
