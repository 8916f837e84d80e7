"""People and keys: who may sign in, which programs may call, and how either is ended."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service.console.dependencies import ConsoleDependencies
from service.console.door import signed_in
from service.console.pages import page, words_of
from service.domain.caller import Scope
from service.domain.errors import ConflictError, InvalidError, NotFoundError
from service.domain.reviewer import Role


@dataclass(frozen=True, slots=True)
class PeoplePages:
    """For admins. A secret is shown once, on the page that answers the form."""

    deps: ConsoleDependencies

    def people(self) -> AnyResponse:
        """Everybody and every key."""
        return self._page()

    def create(self) -> AnyResponse:
        """A new reviewer."""
        queues = frozenset(request.form.get("queues", "").replace(",", " ").split())
        try:
            made = self.deps.manage.create(
                request.form.get("name", "").strip().lower(),
                _role(),
                actor=signed_in().acting.name,
                now=self.deps.clock(),
                queues=queues,
            )
        except (InvalidError, ConflictError) as error:
            return self._page(problem=words_of(error))
        return self._page(secret=(f"The first password of {made.reviewer.name}", made.password))

    def reset(self, name: str) -> AnyResponse:
        """A fresh first password."""
        made = self.deps.manage.reset_password(name, actor=signed_in().acting.name, now=self.deps.clock())
        return self._page(secret=(f"The new first password of {name}", made.password))

    def role(self, name: str) -> AnyResponse:
        """Another role."""
        self.deps.manage.set_role(name, _role(), actor=signed_in().acting.name, now=self.deps.clock())
        return redirect(url_for("console.people"), 303)

    def identity(self, name: str) -> AnyResponse:
        """Who they are at the OpenID provider; kept as a keyed digest, never shown again."""
        text = request.form.get("identity", "").strip()
        try:
            if self.deps.elsewhere is None:
                raise ConflictError("The settings name no OpenID provider.")
            known = self.deps.elsewhere.identities.of_text(text) if text else None
            self.deps.manage.set_identity(name, known, actor=signed_in().acting.name, now=self.deps.clock())
        except (InvalidError, ConflictError) as error:
            return self._page(problem=words_of(error))
        return redirect(url_for("console.people"), 303)

    def disable(self, name: str) -> AnyResponse:
        """No access any more."""
        try:
            self.deps.manage.disable(name, actor=signed_in().acting.name, now=self.deps.clock())
        except (ConflictError, NotFoundError) as error:
            return self._page(problem=str(error))
        return redirect(url_for("console.people"), 303)

    def issue(self) -> AnyResponse:
        """A new API key."""
        try:
            issued = self.deps.issue_key(
                name=request.form.get("name", "").strip(),
                owner=request.form.get("owner", "").strip() or None,
                scopes=request.form.getlist("scope"),
                actor=signed_in().acting.name,
                now=self.deps.clock(),
            )
        except InvalidError as error:
            return self._page(problem=words_of(error))
        return self._page(secret=(f"The key {issued.key.name}", issued.token))

    def revoke(self, key_id: str) -> AnyResponse:
        """The end of a key."""
        self.deps.revoke_key(key_id, actor=signed_in().acting.name, now=self.deps.clock())
        return redirect(url_for("console.people"), 303)

    def _page(self, *, problem: str | None = None, secret: tuple[str, str] | None = None) -> AnyResponse:
        with self.deps.begin() as work:
            people, keys = work.reviewers.all(), work.keys.all()
        return page(
            "people.html",
            now=self.deps.clock(),
            status=200 if problem is None else 422,
            people=people,
            keys=keys,
            elsewhere=self.deps.elsewhere is not None,
            roles=list(Role),
            scopes=list(Scope),
            problem=problem,
            secret=secret,
            form=request.form,
        )


def _role() -> Role:
    role = next((each for each in Role if each.value == request.form.get("role")), None)
    if role is None:
        raise InvalidError("Choose a role.")
    return role
