"""The hosted pages under ``/verify``: server-rendered, usable without scripts, found by an unguessable link."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any  # Any: what Flask takes for values of an address

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from service.challenges.texts import LANGUAGES, language_of, texts_in
from service.domain.challenge import ChallengeMethod
from service.domain.decision import Decision
from service.domain.errors import ConflictError, InvalidError, NotFoundError, TooManyError
from service.usecases.limit_visits import LimitVisits
from service.usecases.ports_step_up import AppealKind
from service.usecases.step_up_methods import SignInBrokenError
from service.usecases.step_up_page import Conduct, Page, Plea, StepUpPage

PREFIX = "/verify"
RETURN = f"{PREFIX}/return"
"""Where providers send the browser back to; register it with them."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
NOTES = frozenset(
    {
        "code_wrong", "code_on_its_way", "noted_human", "noted_missing", "failed", "turned_back", "broken", "too_many",
        "problem", "wrong_address", "partly",
    }
)  # fmt: skip
_COOKIE = "gatehouse_sign_in"
_COOKIE_S = 15 * 60
_FORM_LIMIT = 16 * 1024
_LONGEST_TEXT = 1_000
_LONGEST_LINE = 254
_TOO_MANY, _NOT_FOUND = 429, 404
_GROUPS = frozenset(
    {
        "identity",
        "email",
        "mail_suspect",
        "phone",
        "payment",
        "device",
        "network",
        "behaviour",
        "linkage",
        "consistency",
    }
)


@dataclass(frozen=True, slots=True)
class PageDependencies:
    """What the pages need; ``secure`` when people reach them by https."""

    page: StepUpPage
    visits: LimitVisits
    clock: Callable[[], datetime]
    secure: bool


def create_pages(deps: PageDependencies) -> Blueprint:
    """The hosted pages."""
    pages = Blueprint("verify", __name__, template_folder="templates", static_folder="static", url_prefix=PREFIX)
    handlers = _Pages(deps)
    rules: tuple[tuple[str, str, Callable[..., AnyResponse], str], ...] = (
        ("/return", "return_", handlers.come_back, "GET"),
        ("/<token>", "show", handlers.show, "GET"),
        ("/<token>/code", "code", handlers.code, "POST"),
        ("/<token>/send", "send", handlers.send, "POST"),
        ("/<token>/another", "another", handlers.another, "POST"),
        ("/<token>/appeal", "appeal", handlers.appeal, "POST"),
        ("/<token>/sign-in/<challenge_id>", "sign_in", handlers.sign_in, "GET"),
    )
    for path, endpoint, view, method in rules:
        pages.add_url_rule(path, endpoint=endpoint, view_func=view, methods=[method])
    pages.before_request(handlers.limit)
    pages.after_request(_guard)
    pages.register_error_handler(NotFoundError, handlers.not_found)
    pages.register_error_handler(HTTPException, handlers.not_understood)
    return pages


class _Pages:
    """The handlers. Every form answers with a redirect, so that going back or reloading repeats nothing."""

    def __init__(self, deps: PageDependencies) -> None:
        self._page = deps.page
        self._clock = deps.clock
        self._secure = deps.secure
        self._visits = deps.visits

    def limit(self) -> Response | None:
        """Turn away who asks for one page too often, and bound what a form may send."""
        request.max_content_length = _FORM_LIMIT
        parameters = request.view_args or {}
        token = str(parameters.get("token", ""))
        if not token or self._visits(self._page.secrets.token_digest(token), now=self._clock()):
            return None
        response = _rendered("notice.html", _TOO_MANY, heading="title", text="too_many")
        response.headers["Retry-After"] = "30"
        return response

    def show(self, token: str) -> Response:
        """The page as it stands."""
        page = self._page.show(token, now=self._clock())
        note, outcome = request.args.get("note", ""), _outcome(page)
        return _rendered(
            "page.html",
            token=token,
            page=page,
            outcome=outcome,
            heading="title" if outcome == "asked" else f"{outcome}_title",
            note=note if note in NOTES else None,
            left=page.asked[0].challenge.tries_left if page.asked else 0,
            groups=[each for each in page.groups if each in _GROUPS] or ["other"],
            Conduct=Conduct,
            Plea=Plea,
        )

    def code(self, token: str) -> AnyResponse:
        """The code that was typed."""

        def act() -> str | None:
            typed = request.form.get("code", "")[:_LONGEST_LINE]
            answer = self._page.enter_code(token, _challenge(), typed, now=self._clock())
            if not answer.accepted:
                return "code_wrong" if answer.challenge.pending else "failed"
            return "partly" if answer.step_up.pending else None

        return self._done(token, act)

    def send(self, token: str) -> AnyResponse:
        """Send a code, to a mailbox that was typed or the known one."""

        def act() -> str:
            address = request.form.get("email", "").strip()[:_LONGEST_LINE] or None
            self._page.send_code(token, _challenge(), address, now=self._clock())
            return "code_on_its_way"

        return self._done(token, act)

    def another(self, token: str) -> AnyResponse:
        """Another method, or none."""

        def act() -> None:
            wished = request.form.get("method", "")
            method = ChallengeMethod(wished) if wished in set(ChallengeMethod) else None
            if wished and method is None:
                raise ConflictError("There is no such method.")
            self._page.another(token, _challenge(), method, now=self._clock())

        return self._done(token, act)

    def appeal(self, token: str) -> AnyResponse:
        """Ask for a human, or say that an institution is missing."""

        def act() -> str:
            missing = request.form.get("kind") == AppealKind.INSTITUTION_MISSING.value
            written = request.form.get("text", "").replace("\0", "").strip()[:_LONGEST_TEXT] or None
            self._page.appeal(
                token,
                AppealKind.INSTITUTION_MISSING if missing else AppealKind.HUMAN,
                message=None if missing else written,
                institution=written if missing else None,
                now=self._clock(),
            )
            return "noted_missing" if missing else "noted_human"

        return self._done(token, act)

    def sign_in(self, token: str, challenge_id: str) -> AnyResponse:
        """To the provider, with a secret in a cookie that only this browser will bring back."""
        browser = secrets.token_urlsafe(32)
        try:
            address = self._page.start_sign_in(token, challenge_id, browser, now=self._clock())
        except SignInBrokenError:
            return self._to(token, "broken")
        except ConflictError:
            return self._to(token, "problem")
        response = redirect(address, 303)
        response.set_cookie(
            _COOKIE, browser, max_age=_COOKIE_S, path=PREFIX, secure=self._secure, httponly=True, samesite="Lax"
        )
        return response

    def come_back(self) -> AnyResponse:
        """From the provider."""
        browser, state = request.cookies.get(_COOKIE, ""), request.args.get("state", "")
        try:
            token, passed = self._page.finish_sign_in(state, browser, request.args.get("code"), now=self._clock())
            note = None if passed else "turned_back" if "code" not in request.args else "failed"
        except SignInBrokenError:
            token, note = self._page.come_from(state, browser, now=self._clock()), "broken"
        except ConflictError:
            token, note = self._page.come_from(state, browser, now=self._clock()), "problem"
        response = self._to(token, note)
        response.delete_cookie(_COOKIE, path=PREFIX, secure=self._secure, httponly=True, samesite="Lax")
        return response

    def not_found(self, error: NotFoundError) -> Response:
        """No such page."""
        del error
        return _rendered("notice.html", _NOT_FOUND, heading="not_found_title", text="not_found_text")

    def not_understood(self, error: HTTPException) -> Response:
        """What Flask itself refuses: a method, a form that is too large."""
        return _rendered("notice.html", error.code or _NOT_FOUND, heading="title", text="problem")

    def _done(self, token: str, act: Callable[[], str | None]) -> AnyResponse:
        """Act, and go back to the page with a note of what came of it."""
        try:
            note = act()
        except TooManyError:
            note = "too_many"
        except InvalidError:
            note = "wrong_address"
        except ConflictError:
            note = "problem"
        return self._to(token, note)

    def _to(self, token: str, note: str | None) -> AnyResponse:
        values: dict[str, Any] = {} if note is None else {"note": note}
        return redirect(url_for("verify.show", token=token, **values, **_language_value()), 303)


def _challenge() -> str:
    return request.form.get("challenge", "")[:64]


def _outcome(page: Page) -> str:
    """Which of the page's faces is shown."""
    if page.decision is Decision.STEP_UP:
        return "asked" if page.asked else "closed"
    return {Decision.ALLOW: "done", Decision.DENY: "denied"}.get(page.decision or Decision.REVIEW, "review")


def _chosen_language() -> str:
    wished = request.args.get("lang", "")
    return wished if wished in LANGUAGES else language_of(request.headers.get("Accept-Language"))


def _language_value() -> dict[str, Any]:
    wished = request.args.get("lang", "")
    return {"lang": wished} if wished in LANGUAGES else {}


def _rendered(template: str, status: int = 200, **values: object) -> Response:
    language = _chosen_language()
    body = render_template(
        f"verify/{template}",
        t=texts_in(language),
        language=language,
        languages=LANGUAGES,
        lang=_language_value().get("lang"),
        **values,
    )
    response = Response(body, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return response


def _guard(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
