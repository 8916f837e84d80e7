"""Signing in, signing out, and the password that must be changed at first."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service.console.dependencies import ConsoleDependencies
from service.console.door import let_in, safe_target, show_out, signed_in
from service.console.pages import page
from service.domain.errors import InvalidError, NotFoundError, TooManyError, UnauthenticatedError
from service.usecases.sign_in_elsewhere import WITHIN, SignInElsewhere

RETURN = "/console/sign-in/return"
"""Where the OpenID provider sends the browser back to, after the public address."""

TICKET = "gatehouse_sign_in"


@dataclass(frozen=True, slots=True)
class SignInPages:
    """The pages about one's own session."""

    deps: ConsoleDependencies

    def sign_in(self) -> AnyResponse:
        """The form, and what becomes of it."""
        now, problem, status = self.deps.clock(), None, 200
        name, target = request.form.get("name", "").strip().lower(), request.values.get("to")
        if request.method == "POST":
            try:
                who = self.deps.sign_in(
                    name, request.form.get("password", ""), address=request.remote_addr or "", now=now
                )
            except UnauthenticatedError as error:
                problem, status = str(error), 401
            except TooManyError as error:
                problem, status = str(error), 429
            else:
                after = url_for("console.password") if who.reviewer.must_change else safe_target(target)
                return let_in(_redirect(after), who)
        return self._form(problem, status, name=name, to=target)

    def elsewhere(self) -> AnyResponse:
        """To the OpenID provider, with a ticket to come back with."""
        try:
            address, ticket = self._provider().start(now=self.deps.clock())
        except UnauthenticatedError as error:
            return self._form(str(error), 503)
        answer = _redirect(address)
        answer.set_cookie(
            TICKET,
            ticket,
            max_age=round(WITHIN.total_seconds()),
            path=RETURN,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
        return answer

    def back(self) -> AnyResponse:
        """From the OpenID provider: the session, if it vouches for somebody who has an account."""
        said = {name: request.args.get(name, "")[:2_000] for name in ("code", "state")}
        ticket = request.cookies.get(TICKET, "")[:200]
        try:
            who = self._provider().finish(
                **said, ticket=ticket, address=request.remote_addr or "", now=self.deps.clock()
            )
        except (UnauthenticatedError, TooManyError) as error:
            answer = self._form(str(error), 429 if isinstance(error, TooManyError) else 401)
        else:
            answer = let_in(_redirect(url_for("console.queue")), who)
        answer.delete_cookie(TICKET, path=RETURN)
        return answer

    def _provider(self) -> SignInElsewhere:
        if self.deps.elsewhere is None:
            raise NotFoundError("Reviewers sign in with their passwords here.")
        return self.deps.elsewhere

    def _form(self, problem: str | None, status: int, *, name: str = "", to: str | None = None) -> Response:
        return page(
            "sign_in.html",
            now=self.deps.clock(),
            status=status,
            problem=problem,
            name=name,
            to=to,
            elsewhere=self.deps.elsewhere is not None,
        )

    def sign_out(self) -> AnyResponse:
        """End the session."""
        self.deps.sign_in.sign_out(signed_in(), now=self.deps.clock())
        return show_out(_redirect(url_for("console.sign_in")))

    def password(self) -> AnyResponse:
        """Take another password."""
        now, problem, status = self.deps.clock(), None, 200
        if request.method == "POST":
            try:
                if request.form.get("new", "") != request.form.get("again", ""):
                    raise InvalidError("The new password was not typed the same way twice.")
                self.deps.sign_in.change_password(
                    signed_in(), request.form.get("old", ""), request.form.get("new", ""), now=now
                )
            except (UnauthenticatedError, InvalidError) as error:
                problem, status = str(error), 422
            else:
                return _redirect(url_for("console.queue"))
        return page("password.html", now=now, status=status, problem=problem, first=signed_in().reviewer.must_change)


def _redirect(target: str) -> Response:
    answer = redirect(target, 303)
    return Response(answer.get_data(), answer.status_code, headers=answer.headers)
