"""The queue: what waits, in what order, for whom; and the way to the next case."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any  # what a template is told

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from models.signup import AccountType
from service.console.dependencies import ConsoleDependencies
from service.console.door import signed_in
from service.console.fronts import front_of, readable_case
from service.console.pages import HTML, page
from service.domain.case import Case, CaseKind, CaseState
from service.usecases.ports import Recorded
from service.usecases.ports_cases import CaseOrder, CaseQuery, ListedCase
from service.usecases.ports_search import SearchQuery

PAGE = 50
WEEK = timedelta(days=7)

COUNTED_EVERY = timedelta(seconds=2)
"""With 100,000 cases a count takes longer than everything else on the page; everybody may share one."""

SHOWN_FOR = timedelta(seconds=15)
"""A whole page shows counts of this age: it asks for fresh ones by itself as often."""

WAITED_FOR = timedelta(minutes=1)
"""What a week's waits come to moves slowly."""

VIEWS: tuple[tuple[str, dict[str, str]], ...] = (
    ("Everything", {}),
    ("Mine", {"owner": "mine"}),
    ("Unclaimed", {"owner": "unclaimed"}),
    ("Overdue", {"overdue": "1"}),
    ("Put off", {"owner": "snoozed"}),
    ("Resolved", {"owner": "resolved"}),
)
"""Ways of looking at the queue that everybody needs; a reviewer's own are kept by the browser."""

RISKS = (("", "Any risk", None, None), ("high", "Risk 70 % and up", 0.7, None), ("middle", "30 to 70 %", 0.3, 0.7),
         ("low", "Below 30 %", None, 0.3))  # fmt: skip
FILTERS = ("text", "queue", "type", "kind", "risk", "reason", "size", "owner", "overdue", "order", "behind")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the queue. The institution is what the person claimed."""

    case: Case
    signup_id: str | None
    institution: str | None
    country: str | None
    mine: bool
    barred: bool


@dataclass(frozen=True, slots=True)
class QueuePages:
    """The queue and what leads out of it."""

    deps: ConsoleDependencies
    _counted: dict[frozenset[str], tuple[datetime, dict[str, Any]]] = field(
        default_factory=dict, init=False, repr=False
    )
    _waited: list[tuple[datetime, timedelta | None, int]] = field(default_factory=list, init=False, repr=False)

    def queue(self) -> AnyResponse:
        """One page of the queue as the filters of the URL ask."""
        now, acting = self.deps.clock(), signed_in().acting
        filters = {name: request.args.get(name, "")[:100] for name in FILTERS}
        found = self.deps.cases.read.find(self._query(filters, now), acting=acting)
        kept = {name: value for name, value in filters.items() if value}
        more = None
        if found.after is not None:
            place = {"after": f"{found.after[0]!r},{found.after[1]}"}
            more = f"{url_for('console.queue')}?{urllib.parse.urlencode(kept | place)}"
        return page(
            "queue.html",
            now=now,
            lines=self._lines(found.items),
            filters=filters,
            views=[
                (name, f"{url_for('console.queue')}?{urllib.parse.urlencode(wanted)}", wanted == kept)
                for name, wanted in VIEWS
            ],
            risks=RISKS,
            orders=list(CaseOrder),
            queues=[each.name for each in self.deps.policy().document.review.queues if acting.works_in(each.name)],
            types=list(AccountType),
            more=more,
            filtered=bool(kept),
            front=front_of(self.deps, filters["behind"]),
            done=self._done(now),
            problem=request.args.get("problem"),
            **self._strip(now),
        )

    def live(self) -> AnyResponse:
        """The counts alone, for the page to refresh."""
        now = self.deps.clock()
        return Response(render_template("strip.html", now=now, **self._strip(now, COUNTED_EVERY)), content_type=HTML)

    def claim_next(self) -> AnyResponse:
        """Take the next case and go to it."""
        now = self.deps.clock()
        queue = request.form.get("queue") or None
        return self.go_on(queue, now)

    def go_on(self, queue: str | None, now: datetime, done: str | None = None) -> AnyResponse:
        """To the next case, or back to the queue when nothing waits."""
        case = self.deps.cases.handle.claim_next(acting=signed_in().acting, now=now, queue=queue)
        if case is None:
            return redirect(url_for("console.queue", done=done), 303)
        return redirect(url_for("console.case", case_id=case.id, done=done), 303)

    def _done(self, now: datetime) -> Case | None:
        """The case just resolved, while it may still be undone."""
        return just_done(self.deps, request.args.get("done"), now)

    def _strip(self, now: datetime, age: timedelta = SHOWN_FOR) -> dict[str, Any]:
        """How the reviewer's queues stand, counted within the last ``age``."""
        queues = signed_in().acting.queues
        kept = self._counted.get(queues)
        if kept is None or not timedelta() <= now - kept[0] < age:
            kept = self._counted[queues] = (now, self._count(now))
        # What asks for a second person is told at once: somebody waits for it, and looking costs next to nothing.
        proposed = len(self.deps.cases.bulk.waiting()) + len(self.deps.clusters.contain.waiting())
        return {**kept[1], "proposed": proposed}

    def _count(self, now: datetime) -> dict[str, Any]:
        acting = signed_in().acting
        counts = self.deps.cases.read.counts(acting=acting, now=now)
        middle, resolved = self._waits(now)
        oldest = min((each.oldest_at for each in counts if each.oldest_at is not None), default=None)
        return {
            "counts": counts,
            "waiting": sum(each.waiting for each in counts),
            "overdue": sum(each.overdue for each in counts),
            "claimed": sum(each.claimed for each in counts),
            "oldest": oldest,
            "median": middle,
            "resolved": resolved,
        }

    def _waits(self, now: datetime) -> tuple[timedelta | None, int]:
        """The median wait of the cases resolved within a week, and their number."""
        if self._waited and timedelta() <= now - self._waited[0][0] < WAITED_FOR:
            return self._waited[0][1:]
        with self.deps.begin() as work:
            waited = [each for times in work.cases.waited(since=now - WEEK).values() for each in times]
        found = (timedelta(seconds=median(waited)) if waited else None, len(waited))
        self._waited[:] = [(now, *found)]
        return found

    def _query(self, filters: dict[str, str], now: datetime) -> CaseQuery:
        risk = next((each for each in RISKS if each[0] == filters["risk"]), RISKS[0])
        owner = filters["owner"]
        states = (CaseState.RESOLVED,) if owner == "resolved" else (CaseState.OPEN, CaseState.CLAIMED)
        return CaseQuery(
            now=now,
            queues=(filters["queue"],) if filters["queue"] else (),
            states=states,
            kind=_member(CaseKind, filters["kind"]),
            account_type=_member(AccountType, filters["type"]),
            reason_code=filters["reason"].upper() or None,
            risk_from=risk[2],
            risk_below=risk[3],
            size_from=int(filters["size"]) if filters["size"].isdecimal() else None,
            holder=signed_in().acting.name if owner == "mine" else None,
            unclaimed=owner == "unclaimed",
            overdue=bool(filters["overdue"]),
            snoozed=owner == "snoozed",
            record_ids=self._named(filters["text"].strip()),
            behind=filters["behind"] or None,
            order=_member(CaseOrder, filters["order"]) or CaseOrder.PRIORITY,
            after=_after(request.args.get("after")),
            limit=PAGE,
        )

    def _named(self, text: str) -> tuple[str, ...] | None:
        """The sign-ups that a case id, a record id or the caller's own id names."""
        if not text:
            return None
        with self.deps.begin() as work:
            case = work.cases.get(None, text)
            found = work.ledger.search(None, SearchQuery(signup_id=text, limit=PAGE))
        of_case = () if case is None or case.record_id is None else (case.record_id,)
        return (text, *of_case, *(each.id for each in found))

    def _lines(self, items: tuple[ListedCase, ...]) -> list[Line]:
        acting = signed_in().acting
        wanted = [each.case.record_id for each in items if each.case.record_id is not None]
        with self.deps.begin() as work:
            recorded = {each.id: each for each in work.ledger.many(acting.owner, wanted)}
        return [_line(each.case, recorded.get(each.case.record_id or ""), acting.name) for each in items]


def just_done(deps: ConsoleDependencies, case_id: str | None, now: datetime) -> Case | None:
    """A case that this reviewer resolved so recently that they may undo it."""
    case = readable_case(deps, case_id)
    if case is None:
        return None
    window = deps.policy().document.review.undo_window
    recent = case.resolved_at is not None and now <= case.resolved_at + window
    return case if recent and case.resolved_by == signed_in().acting.name else None


def _line(case: Case, recorded: Recorded | None, name: str) -> Line:
    claimed = None if recorded is None else recorded.signup.identity.institution
    return Line(
        case=case,
        signup_id=None if recorded is None else recorded.signup.signup_id,
        institution=None if claimed is None else claimed.name,
        country=None if recorded is None else recorded.signup.identity.country,
        mine=name in (case.holder, case.reserved_for),
        barred=name in case.barred,
    )


def _member(kind: Any, value: str) -> Any:  # Any: of whichever enumeration is asked for
    return next((each for each in kind if each.value == value), None)


def _after(text: str | None) -> tuple[float, int] | None:
    value, _, number = (text or "").partition(",")
    try:
        return float(value), int(number)
    except ValueError:
        return None
