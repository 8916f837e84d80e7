"""One verdict on a selection of the queue: who is touched, what became of them, and what waits for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service.console.callers import named_keys
from service.console.dependencies import ConsoleDependencies
from service.console.door import signed_in
from service.console.pages import page
from service.console.still_contained import still_contained
from service.domain.cluster import cluster_id
from service.domain.errors import ConflictError, ForbiddenError, InvalidError
from service.domain.reviewer import Role
from service.domain.verdict import Verdict, reasons_of
from service.usecases.bulk_verdicts import BulkResult, Touched

NAMED = 12
"""Cases of a proposal that its card names."""


@dataclass(frozen=True, slots=True)
class BulkPages:
    """Selections and proposals."""

    deps: ConsoleDependencies

    def preview(self) -> AnyResponse:
        """Who would be touched; nothing happens yet."""
        return self._preview(request.form.getlist("case"))

    def apply(self) -> AnyResponse:
        """The verdict, or a proposal."""
        now, acting = self.deps.clock(), signed_in().acting
        ids = request.form.getlist("case")
        chosen, _, reason = request.form.get("conclusion", "").partition(" ")
        verdict = next((each for each in Verdict if each.value == chosen), None)
        if verdict is None:
            return self._preview(ids, problem="Choose a verdict and its reason.")
        try:
            result = self.deps.cases.bulk.give(ids, verdict, reason, acting=acting, now=now)
        except (InvalidError, ConflictError, ForbiddenError) as error:
            return self._preview(ids, problem=str(error))
        return self._result(result, f"{verdict.value.replace('_', ' ')} {len(result.done)}")

    def undo(self) -> AnyResponse:
        """The verdicts of a selection taken back."""
        result = self.deps.cases.bulk.undo(
            request.form.getlist("case"), acting=signed_in().acting, now=self.deps.clock()
        )
        return self._result(result, f"taken back {len(result.done)}", may_undo=False, undone=True)

    def proposals(self) -> AnyResponse:
        """What waits for a second person."""
        return self._proposals()

    def approve(self, proposal_id: str) -> AnyResponse:
        """The second person's yes."""
        try:
            result = self.deps.cases.bulk.approve(proposal_id, acting=signed_in().acting, now=self.deps.clock())
        except ConflictError as error:
            return self._proposals(problem=str(error))
        return self._result(result, f"approved: {len(result.done)} done", may_undo=False)

    def decline(self, proposal_id: str) -> AnyResponse:
        """The second person's no."""
        self.deps.cases.bulk.decline(proposal_id, acting=signed_in().acting, now=self.deps.clock())
        return redirect(url_for("console.proposals"), 303)

    def _preview(self, case_ids: list[str], *, problem: str | None = None) -> AnyResponse:
        now, acting = self.deps.clock(), signed_in().acting
        touched: tuple[Touched, ...] = ()
        try:
            touched = self.deps.cases.bulk.preview(case_ids, acting=acting, now=now)
        except InvalidError as error:
            problem = problem or "; ".join(each.message for each in error.errors)
        able = [each for each in touched if each.why_not is None]
        review = self.deps.policy().document.review
        return page(
            "bulk.html",
            now=now,
            status=200 if problem is None else 422,
            able=able,
            names=self._names([each.case.id for each in touched]),
            left_out=[each for each in touched if each.why_not is not None],
            second=self.deps.cases.bulk.needs_second(len(able)),
            limit=review.second_person_above,
            verdicts=[(each, reasons_of(each)) for each in (Verdict.APPROVE, Verdict.REJECT, Verdict.ASK_MORE)],
            problem=problem,
            chosen=request.form.get("conclusion"),
        )

    def _result(self, result: BulkResult, words: str, *, may_undo: bool = True, undone: bool = False) -> AnyResponse:
        proposed = () if result.proposal is None else result.proposal.case_ids
        return page(
            "bulk_result.html",
            now=self.deps.clock(),
            result=result,
            words=words,
            may_undo=may_undo and result.done,
            names=self._names([*(case_id for case_id, _ in result.left_out), *proposed]),
            contained=self._still_contained(result.done) if undone else (),
        )

    def _proposals(self, *, problem: str | None = None) -> AnyResponse:
        who, proposals = signed_in().acting, self.deps.cases.bulk.waiting()
        with self.deps.begin() as work:
            keys = named_keys(work)
        return page(
            "proposals.html",
            now=self.deps.clock(),
            status=200 if problem is None else 409,
            proposals=proposals,
            names=self._names([case_id for each in proposals for case_id in each.case_ids[:NAMED]]),
            named=NAMED,
            keys=keys,
            containments=[(cluster_id(each.cluster), each) for each in self.deps.clusters.contain.waiting()],
            is_lead=who.role.covers(Role.LEAD),
            problem=problem,
        )

    def _still_contained(self, case_ids: Sequence[str]) -> list[str]:
        with self.deps.begin() as work:
            cases = [case for each in case_ids if (case := work.cases.get(signed_in().acting.owner, each)) is not None]
            return still_contained(work, [case.record_id for case in cases if case.record_id is not None])

    def _names(self, case_ids: Sequence[str]) -> dict[str, str]:
        """What the callers call the sign-ups of cases that the reviewer may see; of the others nothing is named."""
        owner = signed_in().acting.owner
        with self.deps.begin() as work:
            cases = [case for each in case_ids if (case := work.cases.get(owner, each)) is not None]
            records = work.ledger.many(owner, [case.record_id for case in cases if case.record_id is not None])
            signups = {each.id: each.signup.signup_id for each in records}
        return {case.id: signups.get(case.record_id or "", case.subject) for case in cases}
