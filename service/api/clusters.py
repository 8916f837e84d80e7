"""The endpoints about clusters, and about identifiers that are learnt after the sign-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import Response, request
from pydantic import BaseModel

from service.api.cluster_answers import containment_answer, render_cluster, render_preview
from service.api.json_body import BODY_LIMIT, decode, read_body
from service.api.paths import JSON, checked_id
from service.api.schemas.cluster import (
    ClusterPage,
    ContainmentsAnswer,
    ContainRequest,
    CutAnswer,
    CutRequest,
    IdentifiersAnswer,
    IdentifiersRequest,
    PreviewRequest,
    ReleaseRequest,
)
from service.api.schemas.search import number_of_cursor
from service.api.validation import validate, validate_query
from service.domain.caller import Caller
from service.domain.cluster import cluster_id
from service.domain.containment import ContainmentState
from service.usecases.cluster_use_cases import ClusterUseCases
from service.usecases.learn_identifiers import Learnt

_M = TypeVar("_M", bound=BaseModel)

PAGE = 50
_OK, _ACCEPTED = 200, 202


@dataclass(frozen=True, slots=True)
class ClusterEndpoints:
    """The handlers; each takes the caller, already authenticated and allowed in."""

    clusters: ClusterUseCases
    clock: Callable[[], datetime]

    def read(self, caller: Caller, record_id: str) -> Response:
        """A cluster with one page of the caller's members."""
        asked = validate_query(ClusterPage, request.args)
        detail = self.clusters.read(
            checked_id(record_id, "cluster"),
            owner=caller.owner,
            after_no=0 if asked.cursor is None else number_of_cursor(asked.cursor),
            limit=asked.limit or PAGE,
        )
        return Response(render_cluster(detail), content_type=JSON)

    def preview(self, caller: Caller, record_id: str) -> Response:
        """Who would be touched."""
        asked = self._body(PreviewRequest)
        found = self.clusters.contain.preview(
            checked_id(record_id, "cluster"), owner=caller.owner, whole=asked.whole or False
        )
        return Response(render_preview(found), content_type=JSON)

    def contain(self, caller: Caller, record_id: str) -> Response:
        """Contain, or confirm what waits for a second person."""
        asked = self._body(ContainRequest)
        contained = self.clusters.contain.contain(
            checked_id(record_id, "cluster"),
            owner=caller.owner,
            by=_name(caller),
            reason=asked.reason,
            now=self.clock(),
            whole=asked.whole or False,
        )
        status = _ACCEPTED if contained.state is ContainmentState.PENDING else _OK
        return Response(containment_answer(contained).model_dump_json(), status, content_type=JSON)

    def release(self, caller: Caller, record_id: str) -> Response:
        """Undo every containment."""
        asked = self._body(ReleaseRequest)
        released = self.clusters.contain.release(
            checked_id(record_id, "cluster"),
            owner=caller.owner,
            by=_name(caller),
            reason=asked.reason,
            now=self.clock(),
        )
        answer = ContainmentsAnswer(items=tuple(map(containment_answer, released)))
        return Response(answer.model_dump_json(), content_type=JSON)

    def cut(self, caller: Caller, record_id: str) -> Response:
        """Take an identifier out, or let it tie again."""
        asked = self._body(CutRequest)
        act = self.clusters.cut.undo if asked.undo else self.clusters.cut
        parted = act(
            checked_id(record_id, "cluster"),
            asked.identifier,
            owner=caller.owner,
            by=_name(caller),
            reason=asked.reason,
            now=self.clock(),
        )
        answer = CutAnswer(id=cluster_id(parted.cluster), moved=parted.moved)
        return Response(answer.model_dump_json(), content_type=JSON)

    def learn(self, caller: Caller, record_id: str) -> Response:
        """Link a sign-up by what was learnt of it."""
        asked = self._body(IdentifiersRequest)
        tied = self.clusters.learn(
            checked_id(record_id, "sign-up"),
            [Learnt(each.kind, each.value) for each in asked.identifiers],
            caller=caller,
            now=self.clock(),
        )
        answer = IdentifiersAnswer(
            id=tied.id,
            signup_id=tied.signup_id,
            identifiers=tied.identifiers,
            cluster=cluster_id(tied.cluster),
            size=tied.size,
        )
        return Response(answer.model_dump_json(), content_type=JSON)

    def _body(self, schema: type[_M]) -> _M:
        decoded = decode(read_body(request, limit=BODY_LIMIT, media_types=(JSON,)))
        return validate(schema, decoded, now=self.clock())


def _name(caller: Caller) -> str:
    return f"key:{caller.key_id}"
