"""Learn identifiers after the sign-up: addresses of use, new cards, behaviour fingerprints; they tie accounts too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from models.identifiers import identifiers_of
from models.linkage.identifier import STRONG_KINDS, Identifier, IdentifierKind
from models.linkage.joining import MEDIUM
from models.linkage.marks import Mark, most_bans
from models.reference.reference import Reference
from models.signals.content import identifying
from models.signals.signals import derive_signals
from models.signup import Payment, PaymentMethod, Signup
from service.domain.caller import Caller
from service.domain.errors import FieldError, InvalidError, NotFoundError
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_clusters import Known
from service.usecases.touch_learnt import touch_carriers, touch_learnt
from service.usecases.unite_tied import unite_tied


class LearntKind(StrEnum):
    """What may be learnt of an account, by the names that callers use."""

    IP = "ip"
    PAYMENT_FINGERPRINT = "payment_fingerprint"
    PHONE = "phone"
    DEVICE_ID = "device_id"
    EMAIL = "email"
    BEHAVIOUR_FINGERPRINT = "behaviour_fingerprint"


@dataclass(frozen=True, slots=True)
class Learnt:
    """One identifier as the caller wrote it."""

    kind: LearntKind
    value: str


@dataclass(frozen=True, slots=True)
class Tied:
    """What was learnt: how many identifiers, and the cluster that the account is in now."""

    id: str
    signup_id: str
    identifiers: int
    cluster: int
    size: int


@dataclass(frozen=True, slots=True)
class LearnIdentifiers:
    """Add identifiers to one of the caller's own sign-ups."""

    begin: Begin
    reference: Reference

    def __call__(self, record_id: str, learnt: Sequence[Learnt], *, caller: Caller, now: datetime) -> Tied:
        """Link the sign-up by what was learnt, as if it had carried it from now on; clusters that it ties become one.

        What is known of the sign-up marks the identifiers too. Those it carries already change nothing.

        Raises:
            NotFoundError: the caller recorded no such sign-up.
            InvalidError: a value has no canonical form.
        """
        with self.begin() as work:
            recorded = work.ledger.get(caller.owner, record_id)
            if recorded is None:
                raise NotFoundError("There is no such sign-up.")
            identifiers = [
                self._canonical(recorded.signup, each, pointer=f"/identifiers/{at}/value")
                for at, each in enumerate(learnt)
            ]
            work.clusters.add_identifiers(recorded.signup_no, identifiers, at=now)
            touch_learnt(work, recorded, identifiers)
            # After it: whoever becomes a part of the core by what was learnt brings along all that it carries.
            work.clusters.hold_carried([recorded.signup_no], at=now)
            _look_back_again(work, recorded.signup_no, identifiers, now)
            kinds = sorted({each.kind.value for each in learnt})
            detail: dict[str, object] = {"kinds": kinds, "identifiers": len(identifiers)}
            work.audit.add(AuditEntry(now, f"key:{caller.key_id}", "signup.identifiers_learnt", recorded.id, detail))
            work.commit()
            # Before it is settled: until then it waits, and the worker makes good what an interruption left.
            if touch_carriers(work, [recorded.signup_no]):
                work.commit()
            work.clusters.settle([recorded.signup_no], at=now)
            # Each time it is said, so that a repetition makes good what an interruption left.
            for each in learnt:
                if each.kind is LearntKind.IP:
                    unite_tied(work, recorded, self._in_pairs(recorded.signup, each), came_at=now, now=now)
            cluster = work.clusters.cluster_of(recorded.signup_no)
            summary = None if cluster is None else work.clusters.summary(cluster)
        if summary is None:
            raise RuntimeError("bug: a recorded sign-up is in no cluster")
        return Tied(recorded.id, recorded.signup.signup_id, len(identifiers), summary.number, summary.size)

    def _canonical(self, signup: Signup, learnt: Learnt, *, pointer: str) -> Identifier:
        """The identifier in the form that a sign-up with this value would have carried."""
        if learnt.kind is LearntKind.BEHAVIOUR_FINGERPRINT:
            if identifying(learnt.value) is not None:
                return Identifier(IdentifierKind.BEHAVIOUR_FINGERPRINT, learnt.value.strip())
        else:
            wanted = _KINDS[learnt.kind]
            for each in self._would_carry(signup, learnt):
                if each.kind is wanted:
                    return each
        raise InvalidError("An identifier has no canonical form.", (FieldError(pointer, "is no value of this kind"),))

    def _would_carry(self, signup: Signup, learnt: Learnt) -> tuple[Identifier, ...]:
        would_be = _with(signup, learnt)
        return identifiers_of(would_be, derive_signals(would_be, self.reference))

    def _in_pairs(self, signup: Signup, learnt: Learnt) -> tuple[Identifier, ...]:
        """What ties in pairs together with what was learnt, and what tells how rare the name is."""
        return tuple(each for each in self._would_carry(signup, learnt) if each.kind in _OF_PAIRS)


def _look_back_again(work: UnitOfWork, signup_no: int, learnt: Sequence[Identifier], now: datetime) -> None:
    """Have the worker look back again from the bans that touch an account by now, or from its own."""
    member = work.clusters.member(signup_no)
    strong = [(each.kind, each.value) for each in learnt if each.kind in STRONG_KINDS]
    keys = set(work.clusters.keys_of(strong)).difference(() if member is None else member.identifiers)
    if not keys:
        return
    bans = {
        known.signup_no: known
        for key in keys
        for known in work.clusters.known_of(key, limit=most_bans(key.kind))
        if known.mark is Mark.BANNED
    }
    if member is not None and member.label is Mark.BANNED and member.label_at is not None:
        bans[signup_no] = Known(signup_no, Mark.BANNED, member.label_at)
    # In one order, so that of two who learn at once neither waits for what the other has taken.
    for number, ban in sorted(bans.items()):
        work.after_bans.due_again(ban, reaching=number == signup_no, at=now)


_OF_PAIRS = frozenset({*MEDIUM, IdentifierKind.NAME})

_KINDS = {
    LearntKind.IP: IdentifierKind.IP,
    LearntKind.PAYMENT_FINGERPRINT: IdentifierKind.PAYMENT,
    LearntKind.PHONE: IdentifierKind.PHONE,
    LearntKind.DEVICE_ID: IdentifierKind.DEVICE,
    LearntKind.EMAIL: IdentifierKind.MAILBOX,
}


def _with(signup: Signup, learnt: Learnt) -> Signup:
    """The sign-up as it would have been with this value."""
    match learnt.kind:
        case LearntKind.IP:
            return replace(signup, device=replace(signup.device, ip=learnt.value))
        case LearntKind.DEVICE_ID:
            return replace(signup, device=replace(signup.device, device_id=learnt.value))
        case LearntKind.PHONE:
            return replace(signup, phone=learnt.value)
        case LearntKind.EMAIL:
            return replace(signup, email=learnt.value)
        case _:
            payment = signup.payment or Payment(method=PaymentMethod.CARD)
            return replace(signup, payment=replace(payment, fingerprint=learnt.value))
