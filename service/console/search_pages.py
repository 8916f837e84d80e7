"""Search over sign-ups by anything a person may know, and the page of one sign-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any  # what a template is told

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.signup import AccountType
from service.console.callers import named_keys
from service.console.dependencies import ConsoleDependencies
from service.console.door import signed_in
from service.console.facts import facts_of, signal_groups
from service.console.figures import steps
from service.console.pages import HTML, lines_of, page
from service.console.steps import history_of_signup
from service.domain.decision import Decision
from service.domain.errors import FieldError, InvalidError
from service.usecases.views import SearchCriteria

PAGE = 50
TERMS = (
    ("email", "E-mail", "name@university.example"),
    ("phone", "Phone", "+44 …"),
    ("ip", "IP address", "192.0.2.7"),
    ("payment_fingerprint", "Card fingerprint", "fp_…"),
    ("device_id", "Device", "d_…"),
    ("full_name", "Name", "as written"),
    ("institution", "Institution", "as written"),
    ("signup_id", "Sign-up id", "su_…"),
    ("reference", "Reference number", "17F4-435B-9560"),
)


@dataclass(frozen=True, slots=True)
class SearchPages:
    """Search, and what it finds."""

    deps: ConsoleDependencies

    def search(self) -> AnyResponse:
        """The form; its terms are sent in the body, because a URL ends up in logs."""
        now, told = self.deps.clock(), dict[str, Any](found=None, problem=None)
        status = 200
        if request.method == "POST":
            try:
                criteria = self._criteria()
                acting = signed_in().acting
                found = self.deps.search.on_behalf_of(acting.name, criteria, owner=acting.owner, now=now)
                told["found"] = found
            except InvalidError as error:
                words = "; ".join(f"{each.pointer.strip('/')} {each.message}" for each in error.errors)
                told["problem"], status = words or str(error), 422
        return page(
            "search.html",
            now=now,
            status=status,
            terms=TERMS,
            types=list(AccountType),
            decisions=list(Decision),
            form=request.form,
            **told,
        )

    def signup(self, record_id: str) -> AnyResponse:
        """One sign-up, without its personal facts."""
        return self._page(record_id, clear=False)

    def reveal(self, record_id: str) -> AnyResponse:
        """The facts in clear, written down as seen."""
        now = self.deps.clock()
        recorded = self.deps.files.reveal(record_id, acting=signed_in().acting, now=now, case_id=None)
        if request.headers.get("HX-Request"):
            body = render_template("facts.html", facts=facts_of(recorded.signup, clear=True), clear=True, now=now)
            return Response(body, content_type=HTML)
        return self._page(record_id, clear=True)

    def open_case(self, record_id: str) -> AnyResponse:
        """A case by hand."""
        note = request.form.get("note") or None
        case = self.deps.cases.open(record_id, acting=signed_in().acting, now=self.deps.clock(), note=note)
        return redirect(url_for("console.case", case_id=case.id), 303)

    def _page(self, record_id: str, *, clear: bool) -> AnyResponse:
        with self.deps.begin() as work:
            keys = named_keys(work)
        file = self.deps.files.of_signup(record_id, acting=signed_in().acting)
        kind = file.recorded.signup.account_type.value
        return page(
            "signup.html",
            now=self.deps.clock(),
            signup=file,
            score=None if file.judged is None else file.judged.score,
            lines=lines_of(self.deps.policy(), kind),
            waterfall=None if file.waterfall is None else steps(file.waterfall),
            facts=facts_of(file.recorded.signup, clear=clear),
            clear=clear,
            groups=[] if file.judged is None else signal_groups(file.judged, file.waterfall),
            history=history_of_signup(file, keys),
        )

    @staticmethod
    def _criteria() -> SearchCriteria:
        given = {name: request.form.get(name, "").strip()[:255] or None for name, _, _ in TERMS}
        country = request.form.get("country", "").strip().upper()[:2] or None
        before = request.form.get("before_no", "")
        return SearchCriteria(
            **given,
            country=country,
            account_type=next((each for each in AccountType if each.value == request.form.get("account_type")), None),
            decision=next((each for each in Decision if each.value == request.form.get("decision")), None),
            recorded_from=_day("recorded_from"),
            recorded_before=_day("recorded_before"),
            before_no=int(before) if before.isdecimal() and len(before) < 19 else None,
            limit=PAGE,
        )


def _day(name: str) -> datetime | None:
    text = request.form.get(name, "")
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidError("The day cannot be read.", (FieldError(f"/{name}", "must be a day"),)) from None
