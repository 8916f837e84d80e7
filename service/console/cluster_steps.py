"""What a reviewer does about a cluster: contain it, alone or with a second person, release it, cut identifiers out."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service.console.cluster_pages import MOST_PARTS, ClusterPages
from service.console.cluster_words import (
    WHY_CONTAIN,
    WHY_CUT,
    WHY_DECLINE,
    WHY_RELEASE,
    WHY_TIE_AGAIN,
    short,
)
from service.console.door import signed_in
from service.console.pages import HTML
from service.domain.cluster import cluster_id
from service.domain.containment import ContainmentState
from service.domain.errors import ConflictError, FieldError, ForbiddenError, InvalidError, NotFoundError
from service.domain.reviewer import Acting, Role

_REFUSALS = (ConflictError, InvalidError, ForbiddenError)

Reasons = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ClusterSteps:
    """Every step answers with the page it was asked from, and says what was refused there."""

    pages: ClusterPages

    def contain(self, cluster: str) -> AnyResponse:
        """Contain it, or ask a second person where the policy or the reviewer wants one."""
        whole, ask = bool(request.form.get("whole")), request.form.get("how") == "ask"
        try:
            done = self.pages.deps.clusters.contain.start(
                cluster,
                owner=self._me.owner,
                by=self._me.name,
                reason=_reason(WHY_CONTAIN),
                now=self.pages.deps.clock(),
                whole=whole,
                ask=ask,
            )
        except _REFUSALS as error:
            return self.pages.show_preview(cluster, whole=whole, error=error)
        return _to(cluster, said="asked" if done.state is ContainmentState.PENDING else "contained")

    def confirm(self, cluster: str, containment: str) -> AnyResponse:
        """The second person's yes."""
        try:
            self.pages.deps.clusters.contain.confirm(
                cluster, containment, owner=self._me.owner, by=self._me.name, now=self.pages.deps.clock()
            )
        except _REFUSALS as error:
            return self.pages.show(cluster, error=error)
        return _to(cluster, said="contained")

    def decline(self, cluster: str, containment: str) -> AnyResponse:
        """The second person's no; whoever asked may take it back too."""
        try:
            self._require_lead_or_own(cluster, containment)
            self.pages.deps.clusters.contain.decline(
                cluster,
                containment,
                owner=self._me.owner,
                by=self._me.name,
                reason=_reason(WHY_DECLINE),
                now=self.pages.deps.clock(),
            )
        except _REFUSALS as error:
            return self.pages.show(cluster, error=error)
        return _to(cluster, said="declined")

    def release(self, cluster: str) -> AnyResponse:
        """Undo every containment of it."""
        try:
            self.pages.deps.clusters.contain.release(
                cluster,
                owner=self._me.owner,
                by=self._me.name,
                reason=_reason(WHY_RELEASE),
                now=self.pages.deps.clock(),
            )
        except _REFUSALS as error:
            return self.pages.show(cluster, error=error)
        return _to(cluster, said="released")

    def cut(self, cluster: str) -> AnyResponse:
        """Take an identifier out, or let it tie again."""
        handle, again = request.form.get("identifier", "")[:200], bool(request.form.get("again"))
        cutting = self.pages.deps.clusters.cut
        try:
            parted = (cutting.undo if again else cutting)(
                cluster,
                handle,
                owner=self._me.owner,
                by=self._me.name,
                reason=_reason(WHY_TIE_AGAIN if again else WHY_CUT),
                now=self.pages.deps.clock(),
            )
        except _REFUSALS as error:
            return self.pages.show_cut(cluster, handle, error=error)
        if again:
            return _to(cluster, said="again")
        parts = ",".join(map(cluster_id, parted.parts[: MOST_PARTS + 1]))
        return _to(cluster, moved=parted.moved, parts=parts or None)

    def reveal(self, cluster: str) -> AnyResponse:
        """What an identifier says in clear, written down as seen."""
        handle = request.form.get("identifier", "")[:200]
        value = self.pages.deps.clusters.reveal(
            cluster, handle, owner=self._me.owner, by=self._me.name, now=self.pages.deps.clock()
        )
        if request.headers.get("HX-Request"):
            return Response(render_template("cluster_value.html", value=value), content_type=HTML)
        return self.pages.show(cluster, revealed=(handle, short(handle), value))

    @property
    def _me(self) -> Acting:
        return signed_in().acting

    def _require_lead_or_own(self, cluster: str, containment: str) -> None:
        file = self.pages.deps.clusters.file(cluster, owner=self._me.owner, limit=1)
        found = next((each for each in file.containments if each.id == containment), None)
        if found is None:
            raise NotFoundError("There is no such request.")
        if found.opened_by != self._me.name:
            self._me.require(Role.LEAD)


def _reason(reasons: Reasons) -> str:
    """The reason that was chosen.

    Raises:
        InvalidError: none of those on offer.
    """
    chosen = request.form.get("reason", "")
    if chosen not in dict(reasons):
        raise InvalidError("Choose a reason first.", (FieldError("/reason", "must be chosen"),))
    return chosen


def _to(cluster: str, *, said: str | None = None, moved: int | None = None, parts: str | None = None) -> AnyResponse:
    return redirect(url_for("console.cluster", cluster=cluster, said=said, moved=moved, parts=parts), 303)
