"""Search recorded sign-ups by what a person may know of them; every search leaves an audit entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from models.identifiers import identifiers_of
from models.linkage.identifier import IdentifierKind
from models.reference.reference import Reference
from models.signals.signals import derive_signals
from models.signup import AccountType, Device, Identity, Institution, Payment, PaymentMethod, Signup
from service.domain.caller import Caller
from service.domain.errors import FieldError, InvalidError
from service.usecases.plan_step_up import id_ending
from service.usecases.ports import AuditEntry, Begin
from service.usecases.ports_search import SearchQuery
from service.usecases.views import SearchCriteria, SearchPage


@dataclass(frozen=True, slots=True)
class SearchSignups:
    """Search the caller's own sign-ups."""

    begin: Begin
    reference: Reference

    def __call__(self, criteria: SearchCriteria, *, caller: Caller, now: datetime) -> SearchPage:
        """One page of the caller's own sign-ups, newest first; see ``on_behalf_of``."""
        return self.on_behalf_of(f"key:{caller.key_id}", criteria, owner=caller.owner, now=now)

    def on_behalf_of(self, actor: str, criteria: SearchCriteria, *, owner: str | None, now: datetime) -> SearchPage:
        """One page, newest first, for a key or a reviewer; ``owner=None`` searches across owners.

        Raises:
            InvalidError: a term cannot be brought into its canonical form.
        """
        identifiers = _identifiers(criteria, self.reference)
        query = SearchQuery(
            identifiers=identifiers,
            signup_id=criteria.signup_id,
            id_ends_in=None if criteria.reference is None else id_ending(criteria.reference),
            account_type=criteria.account_type,
            decision=criteria.decision,
            recorded_from=criteria.recorded_from,
            recorded_before=criteria.recorded_before,
            before_no=criteria.before_no,
            limit=criteria.limit + 1,
        )
        with self.begin() as work:
            found = work.ledger.search(owner, query)
            work.audit.add(
                AuditEntry(
                    at=now,
                    actor=actor,
                    action="signups.searched",
                    subject=owner or "every owner",
                    detail={"by": sorted(kind.value for kind, _ in identifiers), "found": len(found)},
                )
            )
            work.commit()
        items = tuple(found[: criteria.limit])
        return SearchPage(items=items, next_no=items[-1].signup_no if len(found) > criteria.limit else None)


# What a search by identifiers leaves unsaid; nothing is ever looked up by these.
_UNSAID = "nobody"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def _identifiers(criteria: SearchCriteria, reference: Reference) -> tuple[tuple[IdentifierKind, str], ...]:
    """The identifiers asked for, in their canonical form: read off a sign-up that says only what was asked."""
    asked = {
        IdentifierKind.MAILBOX: criteria.email,
        IdentifierKind.PHONE: criteria.phone,
        IdentifierKind.IP: criteria.ip,
        IdentifierKind.DEVICE: criteria.device_id,
        IdentifierKind.PAYMENT: criteria.payment_fingerprint,
        IdentifierKind.NAME: criteria.full_name,
        IdentifierKind.INSTITUTION: criteria.institution or criteria.institution_ror_id,
    }
    signup = Signup(
        signup_id=_UNSAID,
        account_type=AccountType.EDUCATIONAL,
        occurred_at=_LONG_AGO,
        identity=Identity(
            full_name=criteria.full_name or _UNSAID,
            country=criteria.country,
            institution=Institution(name=criteria.institution, ror_id=criteria.institution_ror_id),
        ),
        email=criteria.email or f"{_UNSAID}@example.org",
        phone=criteria.phone,
        payment=None
        if criteria.payment_fingerprint is None
        else Payment(method=PaymentMethod.CARD, fingerprint=criteria.payment_fingerprint),
        device=Device(ip=criteria.ip or "192.0.2.1", device_id=criteria.device_id),
    )
    found = {each.kind: each.value for each in identifiers_of(signup, derive_signals(signup, reference))}
    wanted = [kind for kind, term in asked.items() if term is not None]
    unknown = [kind for kind in wanted if kind not in found]
    if unknown:
        pointers = tuple(FieldError(_POINTERS[kind], "cannot be searched by in this form") for kind in unknown)
        raise InvalidError("A search term has no canonical form.", pointers)
    return tuple((kind, found[kind]) for kind in wanted)


_POINTERS = {
    IdentifierKind.MAILBOX: "/email",
    IdentifierKind.PHONE: "/phone",
    IdentifierKind.IP: "/ip",
    IdentifierKind.DEVICE: "/device_id",
    IdentifierKind.PAYMENT: "/payment_fingerprint",
    IdentifierKind.NAME: "/full_name",
    IdentifierKind.INSTITUTION: "/institution",
}
