"""The policy: its versions, what they changed, what they would change, and how one comes into force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any  # what a template is told, and the JSON of a kept back-test

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service.console.backtest_figures import backtest_rows, rate_bars
from service.console.dependencies import ConsoleDependencies
from service.console.differences import differences
from service.console.door import signed_in
from service.console.pages import page, words_of
from service.domain.errors import ConflictError, FieldError, ForbiddenError, InvalidError, NotFoundError
from service.domain.policy import default_policy_text
from service.domain.reviewer import Role
from service.usecases.policy_versions import PolicyView, policy_of
from service.usecases.ports_decisions import Period

REPLAYED = (1_000, 10_000, 50_000)
"""Decisions that a back-test on a page may replay: some seconds at most. The command line takes them all."""

SHIPPED = 0
"""The number of the policy that ships with the service."""


@dataclass(frozen=True, slots=True)
class PolicyPages:
    """Everybody reads; leads write drafts, try them and roll back; admins activate."""

    deps: ConsoleDependencies

    def policy(self) -> AnyResponse:
        """Every version and which was in force when."""
        return self._page()

    def version(self, version: str) -> AnyResponse:
        """One version: its document, and what its newest back-test found."""
        return self._version(self._known(version))

    def difference(self) -> AnyResponse:
        """Two versions side by side, as one reads a correction."""
        old, new = (_number(request.args.get(name, "")) for name in ("old", "new"))
        texts = [self._text_of(number) for number in (old, new)]
        return page(
            "policy_difference.html",
            now=self.deps.clock(),
            old=old,
            new=new,
            choices=self._choices(),
            lines=differences(*texts),
        )

    def draft(self) -> AnyResponse:
        """A form that starts from a version's document."""
        start = _number(request.args.get("from", "0"))
        return self._draft(self._text_of(start), start=start)

    def add(self) -> AnyResponse:
        """Record a draft; a wrong document comes back with every wrong key named."""
        document = request.form.get("document", "").replace("\r\n", "\n")
        try:
            view = self.deps.policies.versions.add(document, **self._said())
        except (InvalidError, ConflictError) as error:
            fields = error.errors if isinstance(error, InvalidError) else ()
            return self._draft(document, problem=str(error), fields=fields)
        return redirect(url_for("console.policy_version", version=view.version.version), 303)

    def backtest(self, version: str) -> AnyResponse:
        """Replay recorded decisions, then show what was found."""
        view, most = self._known(version), request.form.get("most", "")
        try:
            period = Period(since=_day(request.form.get("since", "")), limit=_most(most))
            now, actor = self.deps.clock(), signed_in().acting.name
            self.deps.policies.backtest(view.version.version, period, actor=actor, now=now)
        except InvalidError as error:
            return self._version(view, problem=words_of(error))
        return redirect(url_for("console.policy_version", version=version, _anchor="backtest"), 303)

    def activate(self, version: str) -> AnyResponse:
        """Bring it into force; a large change not by its author."""
        view = self._known(version)
        try:
            self.deps.policies.versions.activate(view.version.version, **self._said())
        except (InvalidError, ConflictError, ForbiddenError) as error:
            return self._version(view, problem=words_of(error))
        return redirect(url_for("console.policy"), 303)

    def roll_back(self) -> AnyResponse:
        """Back to the version that was in force before."""
        try:
            self.deps.policies.versions.roll_back(_number(request.form.get("version", "")), **self._said())
        except (InvalidError, ConflictError) as error:
            return self._page(problem=words_of(error))
        return redirect(url_for("console.policy"), 303)

    def _said(self) -> dict[str, Any]:
        """Why, who and when, as every step of a policy wants them."""
        reason = request.form.get("reason", "").strip()
        return {"reason": reason, "actor": signed_in().acting.name, "now": self.deps.clock()}

    def _page(self, *, problem: str | None = None) -> AnyResponse:
        history = self.deps.policies.versions.history()
        with self.deps.begin() as work:
            active = work.policies.active()
        return page(
            "policy.html",
            now=self.deps.clock(),
            status=200 if problem is None else 422,
            versions=list(reversed(self.deps.policies.versions.all())),
            history=list(reversed(history)),
            in_force=SHIPPED if active is None else active.version,
            beneath=history[-1].beneath if history else None,
            document=policy_of(active).document,
            choices=self._choices(),
            problem=problem,
            is_lead=signed_in().acting.role.covers(Role.LEAD),
        )

    def _version(self, view: PolicyView, *, problem: str | None = None) -> AnyResponse:
        who, number = signed_in().acting, view.version.version
        with self.deps.begin() as work:
            active = work.policies.active()
        in_force = SHIPPED if active is None else active.version
        tried = view.backtest
        return page(
            "policy_version.html",
            now=self.deps.clock(),
            status=200 if problem is None else 422,
            view=view,
            number=number,
            in_force=in_force,
            rows=() if tried is None else backtest_rows(tried.summary),
            bars="" if tried is None else rate_bars(tried.summary),
            stale=tried is not None and tried.against != in_force,
            author=view.version.created_by == who.name,
            replayed=REPLAYED,
            is_lead=who.role.covers(Role.LEAD),
            is_admin=who.role.covers(Role.ADMIN),
            problem=problem,
        )

    def _draft(
        self,
        document: str,
        *,
        start: int | None = None,
        problem: str | None = None,
        fields: tuple[FieldError, ...] = (),
    ) -> AnyResponse:
        return page(
            "policy_draft.html",
            now=self.deps.clock(),
            status=200 if problem is None else 422,
            document=document,
            start=start,
            reason=request.form.get("reason", ""),
            problem=problem,
            fields=fields,
        )

    def _choices(self) -> list[int]:
        """What can be compared: every version, and the one that ships with the service."""
        return [*(each.version.version for each in reversed(self.deps.policies.versions.all())), SHIPPED]

    def _text_of(self, number: int) -> str:
        if number == SHIPPED:
            return default_policy_text()
        return self.deps.policies.versions.get(number).version.document

    def _known(self, version: str) -> PolicyView:
        return self.deps.policies.versions.get(_number(version))


def _number(text: str) -> int:
    """A number that cannot be a version's is as unknown as any other."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise NotFoundError("There is no such policy version.")
    return int(text)


def _most(text: str) -> int:
    if text not in map(str, REPLAYED):
        raise InvalidError("Choose how many decisions to replay.")
    return int(text)


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidError("The day cannot be read.") from None
