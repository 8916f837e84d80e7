"""The endpoint about attacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flask import Response

from service.api.schemas.attacks import AttackAnswer, AttackKeyAnswer, AttacksAnswer
from service.domain.attack import Attack
from service.domain.caller import Caller


class ListOwnAttacks(Protocol):
    """The attacks that the caller's sign-ups were part of."""

    def __call__(self, *, caller: Caller) -> Sequence[Attack]: ...


@dataclass(frozen=True, slots=True)
class AttackEndpoints:
    """The handlers; each takes the caller, already authenticated and allowed in."""

    attacks: ListOwnAttacks

    def list(self, caller: Caller) -> Response:
        """Those that go on first, then the newest."""
        answer = AttacksAnswer(items=tuple(map(_answer, self.attacks(caller=caller))))
        return Response(answer.model_dump_json(), content_type="application/json")


def _answer(attack: Attack) -> AttackAnswer:
    return AttackAnswer(
        id=attack.id,
        key=AttackKeyAnswer(kind=attack.kind, id=attack.key),
        surprise=attack.surprise / 10,
        signups=attack.signups,
        first_seen_at=attack.first_seen_at,
        last_seen_at=attack.last_seen_at,
        started_at=attack.started_at,
        ended_at=attack.ended_at,
    )
