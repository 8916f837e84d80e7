"""The audit record: who did what, searchable, and as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from service.console.dependencies import ConsoleDependencies
from service.console.door import signed_in
from service.console.pages import page
from service.console.plain_text import cell
from service.domain.reviewer import Role
from service.usecases.ports import AuditEntry

PAGE = 100
EXPORTED = 10_000
ACTIONS = ("case.", "signup.", "signups.", "reviewer.", "key.", "policy.", "cluster.", "list.")


@dataclass(frozen=True, slots=True)
class AuditPages:
    """For leads: it names who saw and did what."""

    deps: ConsoleDependencies

    def audit(self) -> AnyResponse:
        """One page, newest first."""
        filters = self._filters()
        entries = self._entries(filters, PAGE + 1)
        more = entries[PAGE - 1].at.isoformat() if len(entries) > PAGE else None
        return page(
            "audit.html",
            now=self.deps.clock(),
            entries=entries[:PAGE],
            filters=filters,
            actions=ACTIONS,
            more=more,
        )

    def export(self) -> AnyResponse:
        """The same as CSV; that it was taken is an entry itself."""
        now, acting = self.deps.clock(), signed_in().acting
        acting.require(Role.LEAD)
        entries = self._entries(self._filters(), EXPORTED)
        with self.deps.begin() as work:
            work.audit.add(AuditEntry(now, acting.name, "audit.exported", "audit", {"entries": len(entries)}))
            work.commit()
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(("at", "by", "action", "subject", "detail"))
        for each in entries:
            detail = "; ".join(f"{name}={value}" for name, value in each.detail.items())
            rows.writerow(cell(value) for value in (each.at.isoformat(), each.actor, each.action, each.subject, detail))
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
        return Response(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)

    @staticmethod
    def _filters() -> dict[str, str]:
        return {name: request.args.get(name, "").strip()[:100] for name in ("actor", "action", "subject", "before")}

    def _entries(self, filters: dict[str, str], limit: int) -> Sequence[AuditEntry]:
        with self.deps.begin() as work:
            return work.audit.entries(
                subject=filters["subject"] or None,
                actor=filters["actor"] or None,
                action=filters["action"] or None,
                before=_instant(filters["before"]),
                limit=limit,
            )


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None
