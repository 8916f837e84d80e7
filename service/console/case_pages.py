"""The page of a case: what is known, why it is here, and the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service.console.callers import named_keys
from service.console.case_graph import graph_document
from service.console.dependencies import ConsoleDependencies
from service.console.door import signed_in
from service.console.facts import facts_of, signal_groups
from service.console.figures import steps
from service.console.fronts import front_of
from service.console.pages import HTML, lines_of, page
from service.console.queue_pages import QueuePages, just_done
from service.console.steps import history_of
from service.console.still_contained import still_contained
from service.console.worker_cases import about
from service.domain.case import JUDGED_BEFORE, CaseState
from service.domain.errors import ConflictError, FieldError, ForbiddenError, GatehouseError, InvalidError
from service.domain.reviewer import Acting, Role
from service.domain.verdict import Verdict, reasons_of
from service.usecases.case_file import NEIGHBOURS_SHOWN
from service.usecases.give_verdict import Effect
from service.web import problem_of

WIDENED = 40
"""Neighbours of each identifier in a widened graph: beyond that the cluster's own page is clearer."""
SNOOZES = (("1", "for an hour"), ("4", "for four hours"), ("24", "until tomorrow"), ("72", "for three days"))
_UNDONE = "undone"
_WHAT_HAPPENED = {
    Effect.NONE: "The verdict is recorded. It changed nothing: the decision was that already.",
    Effect.OPINION: "Your opinion is recorded.",
    Effect.ESCALATED: "The case waits in the queue for escalations.",
}


@dataclass(frozen=True, slots=True)
class CasePages:
    """A case and everything that can be done with it."""

    deps: ConsoleDependencies
    queue: QueuePages

    def case(self, case_id: str) -> AnyResponse:
        """The page."""
        return self._page(case_id)

    def reveal(self, case_id: str) -> AnyResponse:
        """The person's facts in clear, written down as seen."""
        now, acting = self.deps.clock(), signed_in().acting
        case = self.deps.cases.read.read(case_id, acting=acting).case
        if case.record_id is None:
            raise ConflictError("This case is about no single sign-up.")
        recorded = self.deps.files.reveal(case.record_id, acting=acting, now=now, case_id=case.id)
        if request.headers.get("HX-Request"):
            body = render_template("facts.html", facts=facts_of(recorded.signup, clear=True), clear=True, now=now)
            return Response(body, content_type=HTML)
        return self._page(case_id, clear=True)

    def graph(self, case_id: str) -> AnyResponse:
        """What the sign-up shares with whom, for the page's script to draw; with ``more``, many more of them."""
        shown = WIDENED if request.args.get("more") else NEIGHBOURS_SHOWN
        file = self.deps.files.of_case(case_id, acting=signed_in().acting, neighbours=shown)
        return Response(json.dumps(graph_document(file)), content_type="application/json")

    def claim(self, case_id: str) -> AnyResponse:
        """Take the case."""
        return self._step(case_id, lambda now: self.deps.cases.handle.claim(case_id, acting=self._me, now=now))

    def extend(self, case_id: str) -> AnyResponse:
        """Renew the lease: the open page does so by itself while somebody works on it."""
        return self._step(case_id, lambda now: self.deps.cases.handle.extend(case_id, acting=self._me, now=now))

    def release(self, case_id: str) -> AnyResponse:
        """Give the case back and return to the queue."""
        return self._step(
            case_id, lambda now: self.deps.cases.handle.release(case_id, acting=self._me, now=now), leave=True
        )

    def assign(self, case_id: str) -> AnyResponse:
        """Keep the case for somebody."""
        to = request.form.get("to") or None
        return self._step(case_id, lambda now: self.deps.cases.handle.assign(case_id, to, acting=self._me, now=now))

    def snooze(self, case_id: str) -> AnyResponse:
        """Put the case off."""
        hours = request.form.get("hours", "")
        wait = timedelta(hours=int(hours) if hours.isdecimal() and len(hours) < 4 else 0)
        return self._step(
            case_id,
            lambda now: self.deps.cases.handle.snooze(case_id, now + wait, acting=self._me, now=now),
            leave=True,
        )

    def note(self, case_id: str) -> AnyResponse:
        """Write a note."""
        text = request.form.get("note", "")
        return self._step(case_id, lambda now: self.deps.cases.handle.note(case_id, text, acting=self._me, now=now))

    def undo(self, case_id: str) -> AnyResponse:
        """Take one's verdict back."""
        return self._step(
            case_id, lambda now: self.deps.cases.take_back.undo(case_id, acting=self._me, now=now), said=_UNDONE
        )

    def reopen(self, case_id: str) -> AnyResponse:
        """Open the case again."""
        return self._step(case_id, lambda now: self.deps.cases.take_back.reopen(case_id, acting=self._me, now=now))

    def verdict(self, case_id: str) -> AnyResponse:
        """Conclude, and go on to the next case."""
        now = self.deps.clock()
        try:
            verdict, reason = self._concluded()
            given = self.deps.cases.verdict(
                case_id, verdict, reason, acting=self._me, now=now, note=request.form.get("note") or None
            )
        except (ConflictError, InvalidError, ForbiddenError) as error:
            return self._page(case_id, error=error)
        if given.effect is Effect.OPINION and given.case.state is CaseState.CLAIMED:
            return redirect(url_for("console.case", case_id=case_id, said=given.effect.value), 303)
        if request.form.get("then") == "stay":
            return redirect(url_for("console.case", case_id=case_id, said=given.effect.value), 303)
        done = case_id if given.case.state is CaseState.RESOLVED else None
        return self.queue.go_on(request.form.get("queue") or None, now, done)

    @property
    def _me(self) -> Acting:
        return signed_in().acting

    @staticmethod
    def _concluded() -> tuple[Verdict, str]:
        verdict = next((each for each in Verdict if each.value == request.form.get("verdict")), None)
        if verdict is None:
            raise InvalidError("Choose a verdict first.", (FieldError("/verdict", "must be chosen"),))
        reason = request.form.get(f"reason_{verdict}")
        if not reason:
            raise InvalidError("Choose a reason for the verdict.", (FieldError("/reason_code", "must be chosen"),))
        return verdict, reason

    def _step(
        self, case_id: str, step: Callable[[datetime], object], *, leave: bool = False, said: str | None = None
    ) -> AnyResponse:
        try:
            step(self.deps.clock())
        except (ConflictError, InvalidError, ForbiddenError) as error:
            return self._page(case_id, error=error)
        if request.headers.get("HX-Request") or request.form.get("quiet"):
            return Response(status=204)
        target = url_for("console.queue") if leave else url_for("console.case", case_id=case_id, said=said)
        return redirect(target, 303)

    def _page(self, case_id: str, *, error: GatehouseError | None = None, clear: bool = False) -> AnyResponse:
        now, acting = self.deps.clock(), signed_in().acting
        file = self.deps.files.of_case(case_id, acting=acting)
        case, policy = file.view.case, self.deps.policy()
        signup = file.signup
        score = case.risk if signup is None or signup.judged is None else signup.judged.score
        said = next((each for each in Effect if each.value == request.args.get("said")), None)
        undone = request.args.get("said") == _UNDONE
        problem = None if error is None else problem_of(error)
        with self.deps.begin() as work:
            people = [f"reviewer:{each.name}" for each in work.reviewers.all() if each.disabled_at is None]
            keys = named_keys(work)
            # While an appeal hides what was decided before, it hides the cluster too.
            told = undone and signup is not None and signup.cluster is not None
            contained = still_contained(work, [case.record_id]) if told and case.record_id is not None else []
        return page(
            "case.html",
            now=now,
            status=200 if problem is None else problem.kind.status,
            problem=None if problem is None else problem.detail,
            said=_WHAT_HAPPENED.get(said) if said is not None else None,
            undone=undone,
            contained=contained,
            case=case,
            front=None if case.state is CaseState.RESOLVED else front_of(self.deps, case.behind),
            behind=0 if case.state is CaseState.RESOLVED or case.cluster is None else case.size - 1,
            view=file.view,
            about=about(file),
            barred=JUDGED_BEFORE if acting.name in case.barred else None,
            signup=signup,
            score=score,
            lines=lines_of(policy, case.account_type.value),
            held=case.held_by(acting.name, now),
            mine_before=case.holder == acting.name and case.lease_over(now),
            can_reopen=case.state is CaseState.RESOLVED
            and (case.resolved_by == acting.name or acting.role.covers(Role.LEAD)),
            done=just_done(self.deps, request.args.get("done"), now),
            waterfall=None if signup is None or signup.waterfall is None else steps(signup.waterfall),
            facts=None if signup is None else facts_of(signup.recorded.signup, clear=clear),
            clear=clear,
            groups=[] if signup is None or signup.judged is None else signal_groups(signup.judged, signup.waterfall),
            history=history_of(file, keys),
            verdicts=[(each, reasons_of(each)) for each in Verdict],
            form=request.form,
            snoozes=SNOOZES,
            names=[each for each in people if each not in case.barred],
            is_lead=acting.role.covers(Role.LEAD),
        )
