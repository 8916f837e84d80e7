"""The graph around a case: sign-ups round, what they share square; the same as the table of neighbours beside it."""

from __future__ import annotations

from typing import Any  # a graph document is JSON

from service.console.plain_text import told
from service.usecases.case_file import CaseFile

HERE = "here"


def graph_document(file: CaseFile) -> dict[str, Any]:
    """Nodes and edges for the page's script; labels are ids and kinds, never what a person typed."""
    nodes: dict[str, dict[str, Any]] = {HERE: {"id": HERE, "label": "this sign-up", "kind": "here"}}
    edges: list[dict[str, str]] = []
    for each in () if file.signup is None else file.signup.neighbours:
        shared = f"shared:{each.kind}"
        label = str(each.kind).replace("_", " ") + (" +" if each.more else "")
        nodes[shared] = {"id": shared, "label": label, "kind": each.strength.value}
        edges.append({"source": HERE, "target": shared})
        for other in each.found:
            decision = "recorded" if other.decision is None else other.decision.value
            nodes.setdefault(
                other.id,
                {
                    "id": other.id,
                    "label": told(other.signup_id, 24),
                    "kind": decision,
                    "href": f"/console/signups/{other.id}",
                },
            )
            edges.append({"source": shared, "target": other.id})
    return {"nodes": list(nodes.values()), "edges": edges}
