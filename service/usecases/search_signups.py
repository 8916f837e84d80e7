"""Search recorded sign-ups by what a person may know of them; every search leaves an audit entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.identifiers import search_identifiers
from models.linkage.identifier import IdentifierKind
from models.reference.reference import Reference
from service.domain.caller import Caller
from service.usecases.ports import AuditEntry, Begin, SearchQuery
from service.usecases.views import SearchCriteria, SearchPage


@dataclass(frozen=True, slots=True)
class SearchSignups:
    """Search the caller's own sign-ups."""

    begin: Begin
    reference: Reference

    def __call__(self, criteria: SearchCriteria, *, caller: Caller, now: datetime) -> SearchPage:
        """One page, newest first.

        Raises:
            InvalidError: a value has no canonical form (no such telephone number, for example).
        """
        identifiers = _identifiers(criteria, self.reference)
        query = SearchQuery(
            identifiers=identifiers,
            signup_id=criteria.signup_id,
            account_type=criteria.account_type,
            decision=criteria.decision,
            recorded_from=criteria.recorded_from,
            recorded_before=criteria.recorded_before,
            before_no=criteria.before_no,
            limit=criteria.limit + 1,
        )
        with self.begin() as work:
            found = work.ledger.search(caller.owner, query)
            work.audit.add(
                AuditEntry(
                    at=now,
                    actor=f"key:{caller.key_id}",
                    action="signups.searched",
                    subject=caller.owner,
                    detail={"by": sorted(kind.value for kind, _ in identifiers), "found": len(found)},
                )
            )
            work.commit()
        items = tuple(found[: criteria.limit])
        return SearchPage(items=items, next_no=items[-1].signup_no if len(found) > criteria.limit else None)


def _identifiers(criteria: SearchCriteria, reference: Reference) -> tuple[tuple[IdentifierKind, str], ...]:
    return search_identifiers(
        reference,
        email=criteria.email,
        phone=criteria.phone,
        country=criteria.country,
        ip=criteria.ip,
        device_id=criteria.device_id,
        payment_fingerprint=criteria.payment_fingerprint,
        full_name=criteria.full_name,
        institution=criteria.institution,
        institution_ror_id=criteria.institution_ror_id,
    )
