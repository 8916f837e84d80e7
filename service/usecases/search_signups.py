"""Search recorded sign-ups by what a person may know of them; every search leaves an audit entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.identifiers import search_identifiers
from models.linkage.identifier import IdentifierKind
from models.reference.reference import Reference
from models.signup import AccountType
from service.domain.caller import Caller
from service.domain.decision import Decision
from service.usecases.ports import AuditEntry, Begin, Found, SearchQuery


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What to search by, in clear, as the caller sent it; everything given must hold."""

    email: str | None = None
    phone: str | None = None
    phone_country: str | None = None
    ip: str | None = None
    payment_fingerprint: str | None = None
    full_name: str | None = None
    institution: str | None = None
    signup_id: str | None = None
    account_type: AccountType | None = None
    decision: Decision | None = None
    recorded_from: datetime | None = None
    recorded_before: datetime | None = None
    before_no: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class SearchSignups:
    """Search the caller's own sign-ups."""

    begin: Begin
    reference: Reference

    def __call__(self, terms: SearchTerms, *, caller: Caller, now: datetime) -> Sequence[Found]:
        """Newest first, at most ``terms.limit``; the last one's ``signup_no`` is the cursor of the next page.

        Raises:
            InvalidError: a term cannot be brought into its canonical form.
        """
        identifiers = _identifiers(terms, self.reference)
        query = SearchQuery(
            identifiers=identifiers,
            signup_id=terms.signup_id,
            account_type=terms.account_type,
            decision=terms.decision,
            recorded_from=terms.recorded_from,
            recorded_before=terms.recorded_before,
            before_no=terms.before_no,
            limit=terms.limit,
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
        return found


def _identifiers(terms: SearchTerms, reference: Reference) -> tuple[tuple[IdentifierKind, str], ...]:
    return search_identifiers(
        reference,
        email=terms.email,
        phone=terms.phone,
        phone_country=terms.phone_country,
        ip=terms.ip,
        payment_fingerprint=terms.payment_fingerprint,
        full_name=terms.full_name,
        institution=terms.institution,
    )
