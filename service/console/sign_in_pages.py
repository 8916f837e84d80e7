"""Signing in, signing out, and the password that must be changed at first."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service.console.dependencies import ConsoleDependencies
from service.console.door import let_in, safe_target, show_out, signed_in
from service.console.pages import page
from service.domain.errors import InvalidError, TooManyError, UnauthenticatedError


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
        return page("sign_in.html", now=now, status=status, problem=problem, name=name, to=target)

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
