"""The pages of clusters: which there are, what holds one together, and what would happen if something was done."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any  # what a template is told

from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service.console.callers import named_keys
from service.console.cluster_graph import expansion, graph_document
from service.console.cluster_words import WHY_CONTAIN, WHY_CUT, WHY_DECLINE, WHY_RELEASE, WHY_TIE_AGAIN, done_words
from service.console.dependencies import ConsoleDependencies
from service.console.door import signed_in
from service.console.outcome_words import said_words
from service.console.pages import page
from service.console.timeline import drawn, stretch_words, timeline
from service.domain.cluster import cluster_id, cluster_number
from service.domain.containment import ContainmentState
from service.domain.decision import Decision
from service.domain.errors import GatehouseError
from service.domain.reviewer import Role
from service.usecases.cluster_file import ClusterFile
from service.usecases.ports import AuditEntry
from service.usecases.ports_cluster_list import ClusterOrder, ClusterQuery, ClusterState
from service.web import problem_of

PAGE = 50
MOST_PARTS = 8
"""Of what left a cluster so many are named and linked."""
NAMED = 50
"""Of those whom a containment would touch so many are named, of each kind."""
_DAY = timedelta(days=1)
SEEN = (("day", "Joined today", _DAY), ("week", "Joined this week", 7 * _DAY), ("", "Joined this month", 30 * _DAY),
        ("ever", "Ever", None))  # fmt: skip
ORDERS = (
    (ClusterOrder.GROWTH, "Fastest growing first"),
    (ClusterOrder.SIZE, "Largest first"),
    (ClusterOrder.FRAUD, "Most fraud first"),
    (ClusterOrder.NEWEST, "Newest first"),
)
STATES = (
    (ClusterState.FREE, "Not contained"),
    (ClusterState.WAITING, "Waits for a second person"),
    (ClusterState.CONTAINED, "Contained"),
)
FILTERS = ("seen", "size", "state", "fraud", "order")
_SAID = {
    "contained": "The cluster is contained. Under the shipped policy a new account with two of its identifiers is "
    "refused, with one it is asked for a proof at least; accounts that had been let in or are in review are denied "
    "within moments, and their cases leave the queue.",
    "asked": "A second person has been asked. Nobody is touched until a lead confirms it.",
    "declined": "The request is off the table. Nobody was touched.",
    "released": "The cluster is released. Decisions that the containment changed are given back as they were.",
    "again": "The identifier ties again, and those who carry it are one cluster.",
}


@dataclass(frozen=True, slots=True)
class ClusterPages:
    """Pages that change nothing; see ``cluster_steps`` for what does."""

    deps: ConsoleDependencies

    def clusters(self) -> AnyResponse:
        """One page of clusters as the filters of the URL ask."""
        now = self.deps.clock()
        filters = {name: request.args.get(name, "")[:40] for name in FILTERS}
        seen = next((each for each in SEEN if each[0] == filters["seen"]), SEEN[2])
        size, number = filters["size"], request.args.get("page", "")
        at = max(1, int(number)) if number.isdecimal() and len(number) < 5 else 1
        query = ClusterQuery(
            grown_since=now - _DAY,
            seen_since=None if seen[2] is None else now - seen[2],
            size_from=max(2, int(size)) if size.isdecimal() and len(size) < 9 else 2,
            frauds_from=1 if filters["fraud"] else 0,
            state=next((each for each, _ in STATES if each.value == filters["state"]), None),
            order=next((each for each, _ in ORDERS if each.value == filters["order"]), ClusterOrder.GROWTH),
            offset=PAGE * (at - 1),
            limit=PAGE,
        )
        lines, more = self.deps.clusters.find(query)
        kept = {name: value for name, value in filters.items() if value}
        following = urllib.parse.urlencode(kept | {"page": str(at + 1)})
        return page(
            "clusters.html",
            now=now,
            lines=lines,
            filters=filters,
            filtered=bool(kept),
            seens=SEEN,
            orders=ORDERS,
            states=STATES,
            more=f"{url_for('console.clusters')}?{following}" if more else None,
        )

    def cluster(self, cluster: str) -> AnyResponse:
        """The page of one cluster."""
        return self.show(cluster)

    def graph(self, cluster: str) -> AnyResponse:
        """What ties whom, for the page's script to draw; with ``tie`` the accounts of one identifier of a summary."""
        graph = self.deps.clusters.file.graph(cluster, owner=signed_in().acting.owner)
        tie = request.args.get("tie")
        document = graph_document(graph) if tie is None else expansion(graph, tie)
        return Response(json.dumps(document), content_type="application/json")

    def preview(self, cluster: str) -> AnyResponse:
        """Who would be touched by a containment."""
        return self.show_preview(cluster, whole=bool(request.args.get("whole")))

    def cut(self, cluster: str) -> AnyResponse:
        """What would come off if an identifier tied nobody."""
        return self.show_cut(cluster, request.args.get("identifier", "")[:200])

    def show(
        self,
        name: str,
        *,
        error: GatehouseError | None = None,
        revealed: tuple[str, str, str | None] | None = None,
    ) -> AnyResponse:
        """The page of one cluster, with what was refused, or an identifier in clear: its handle, name and value."""
        now, acting = self.deps.clock(), signed_in().acting
        after = request.args.get("after", "")
        after_no = int(after) if after.isdecimal() and len(after) < 19 else 0
        decision = next((each for each in Decision if each.value == request.args.get("decision")), None)
        file = self.deps.clusters.file(name, owner=acting.owner, after_no=after_no, limit=PAGE, decision=decision)
        line = timeline(file.moments)
        moved = request.args.get("moved", "")
        keys = self._keys()
        return page(
            "cluster.html",
            now=now,
            **_refused(error),
            said=_SAID.get(request.args.get("said", "")) or _moved_words(moved),
            parts=_parts(request.args.get("parts", "")),
            most_parts=MOST_PARTS,
            revealed=revealed,
            file=file,
            chosen_decision=decision,
            waiting=[each for each in file.containments if each.state is ContainmentState.PENDING],
            standing=[each for each in file.containments if each.state is ContainmentState.STANDING],
            line=line,
            by=None if line is None else stretch_words(line.length),
            chart=None if line is None else drawn(line, now=now),
            history=_history(file, keys),
            keys=keys,
            is_lead=acting.role.covers(Role.LEAD),
            why_decline=WHY_DECLINE,
            why_release=WHY_RELEASE,
        )

    def show_preview(self, name: str, *, whole: bool, error: GatehouseError | None = None) -> AnyResponse:
        """Who would be touched, and the form."""
        acting = signed_in().acting
        found = self.deps.clusters.contain.preview(name, owner=acting.owner, whole=whole, as_asked=True)
        return page(
            "cluster_preview.html",
            now=self.deps.clock(),
            **_refused(error),
            cluster=cluster_id(found.cluster),
            found=found,
            keys=self._keys(),
            whole=whole if found.request is None else found.request.whole,
            named=NAMED,
            limit=self.deps.policy().document.clusters.containment.second_person_above,
            standing=[each for each in found.containments if each.state is ContainmentState.STANDING],
            why_contain=WHY_CONTAIN,
            chosen=request.form.get("reason"),
        )

    def show_cut(self, name: str, handle: str, *, error: GatehouseError | None = None) -> AnyResponse:
        """What would come off, and the form."""
        acting = signed_in().acting
        found = self.deps.clusters.cut.preview(name, handle, owner=acting.owner)
        return page(
            "cluster_cut.html",
            now=self.deps.clock(),
            **_refused(error),
            cluster=name,
            handle=handle,
            found=found,
            back=[(cluster_id(each.cluster), each) for each in found.back],
            keys=self._keys(),
            is_lead=acting.role.covers(Role.LEAD),
            why_cut=WHY_CUT,
            why_tie_again=WHY_TIE_AGAIN,
            chosen=request.form.get("reason"),
        )

    def _keys(self) -> Mapping[str, str]:
        with self.deps.begin() as work:
            return named_keys(work)


def _history(file: ClusterFile, keys: Mapping[str, str]) -> list[tuple[AuditEntry, str, str, str | None]]:
    """What was done about a cluster and said of its members, newest first, with words and the case that is meant."""
    lines: list[tuple[AuditEntry, str, str, str | None]] = [
        (entry, *done_words(entry, keys), case) for entry, case in zip(file.history, file.history_cases, strict=True)
    ]
    for each in file.bans:
        outcome, name = each.outcome, each.signup_id or "somebody else's"
        what, particulars = said_words(outcome, each.earlier, of="an account")
        entry = AuditEntry(outcome.recorded_at, outcome.by, "outcome.recorded", file.id, {})
        lines.append((entry, what, f"{name}: {particulars}", None))
    return sorted(lines, key=lambda line: line[0].at, reverse=True)


def _refused(error: GatehouseError | None) -> dict[str, Any]:
    if error is None:
        return {"status": 200, "problem": None}
    problem = problem_of(error)
    return {"status": problem.kind.status, "problem": problem.detail}


def _moved_words(moved: str) -> str | None:
    if not moved.isdecimal() or len(moved) > 9:
        return None
    if moved == "0":
        return "The identifier ties nobody from now on. Everybody stays: other identifiers tie them too."
    left = "1 account left the cluster: nothing else tied it."
    if moved != "1":
        left = f"{int(moved):,} accounts left the cluster: nothing else tied them."
    return f"The identifier ties nobody from now on. {left}"


def _parts(named: str) -> list[str]:
    """The clusters that the address names as those that came off."""
    return [each for each in named[:1_000].split(",") if cluster_number(each) is not None]
