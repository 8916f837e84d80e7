"""What a ruling says beside the decision, as the one JSON text it is stored in; nothing where it says nothing."""

from __future__ import annotations

from typing import Any  # Any: JSON

from pydantic_core import from_json, to_json

from models.linkage.identifier import IdentifierKind
from service.domain.decision import Assessment, Decision, Explored
from service.domain.grant import Grant, Tier
from service.domain.standing import ListHit, ListName
from service.storage.instants import instant_of, microseconds_of


def text_of_ruling(assessment: Assessment) -> str | None:
    """The parts that are there; ``None`` without any, as most decisions are."""
    parts: dict[str, Any] = {}
    if assessment.silent_rules:
        parts["silent"] = assessment.silent_rules
    if assessment.failed_rules:
        parts["failed"] = assessment.failed_rules
    if assessment.hits:
        parts["hits"] = [[hit.list.value, hit.kind.value, hit.entry_id] for hit in assessment.hits]
    if assessment.explored is not None:
        explored = assessment.explored
        parts["explored"] = [explored.instead_of.value, explored.allowed, explored.propensity]
    if assessment.grant is not None:
        grant = assessment.grant
        until = None if grant.until is None else microseconds_of(grant.until)
        parts["grant"] = [grant.tier.value, grant.quota, until, grant.lifted_by]
    return to_json(parts).decode() if parts else None


def parts_of_ruling(text: str | None) -> dict[str, Any]:
    """The fields of an assessment that ``text_of_ruling`` wrote."""
    if text is None:
        return {}
    parts = from_json(text)
    fields: dict[str, Any] = {
        "silent_rules": tuple(parts.get("silent", ())),
        "failed_rules": tuple(parts.get("failed", ())),
        "hits": tuple(
            ListHit(ListName(name), IdentifierKind(kind), entry_id) for name, kind, entry_id in parts.get("hits", ())
        ),
    }
    if "explored" in parts:
        instead_of, allowed, propensity = parts["explored"]
        fields["explored"] = Explored(Decision(instead_of), allowed, propensity)
    if "grant" in parts:
        tier, quota, until, lifted_by = parts["grant"]
        fields["grant"] = Grant(Tier(tier), quota, None if until is None else instant_of(until), lifted_by)
    return fields
