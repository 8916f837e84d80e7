"""The door of the console: whose session a request belongs to, and whether a form was really sent from its pages."""

from __future__ import annotations

import hmac
import urllib.parse
from collections.abc import Callable
from datetime import datetime

from flask import Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service.domain.errors import ForbiddenError
from service.usecases.sign_in import LASTS, SignedIn, SignIn

COOKIE = "gatehouse_session"
FORM_TOKEN = "form_token"  # noqa: S105 - the name of a field
PATH = "/console"


def signed_in() -> SignedIn:
    """Who is signed in; pages behind the door always have somebody."""
    found: SignedIn | None = current()
    if found is None:
        raise RuntimeError("bug: a page behind the door without a session")
    return found


def current() -> SignedIn | None:
    """Who is signed in, if anybody is."""
    found: SignedIn | None = g.get("signed_in")
    return found


def recognise(sign_in: SignIn, clock: Callable[[], datetime]) -> None:
    """Find the session of the request's cookie, once a request."""
    token = request.cookies.get(COOKIE, "")
    g.signed_in = sign_in.of_token(token, now=clock()) if len(token) == 64 else None


def require_own_form() -> None:
    """Refuse a form that another site sent, or that was rendered for another session.

    Raises:
        ForbiddenError: it did not come from a page of this session.
    """
    sent_by, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if sent_by is not None:
        foreign = sent_by not in {"same-origin", "none"}
    else:
        # A browser of before 2023; "null" is what a form of ours says under our own Referrer-Policy.
        foreign = origin not in {None, "null"} and urllib.parse.urlsplit(origin or "").netloc != request.host
    who = current()
    expected = "" if who is None else who.form_token
    sent = request.form.get(FORM_TOKEN, "")
    if foreign or (who is not None and not hmac.compare_digest(sent.encode(), expected.encode())):
        raise ForbiddenError("This form was not sent from a page of your session; open the page again.")


def let_in(response: Response, who: SignedIn) -> Response:
    """Give the browser its session: out of scripts' reach, for the console alone."""
    response.set_cookie(
        COOKIE,
        who.token,
        max_age=round(LASTS.total_seconds()),
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response


def show_out(response: Response) -> Response:
    """Take the session from the browser."""
    response.delete_cookie(COOKIE, path=PATH)
    return response


def to_sign_in() -> AnyResponse:
    """To the form, and from there back to where the reviewer wanted to go."""
    if request.headers.get("HX-Request"):
        # A part of a page that refreshes itself: the whole page has to go.
        return Response(status=204, headers={"HX-Redirect": url_for("console.sign_in")})
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("console.sign_in", to=wanted), 303)


def safe_target(target: str | None) -> str:
    """Where to go after signing in: a page of the console and nothing else."""
    if target and target.startswith(f"{PATH}/") and "\\" not in target and "//" not in target:
        return target
    return url_for("console.queue")
