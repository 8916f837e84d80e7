"""Policy versions: added as drafts, activated once a back-test has shown what they change, rolled back in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.errors import ConflictError, FieldError, ForbiddenError, InvalidError, NotFoundError
from service.domain.policy import Policy, default_policy_text, parse_policy
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_policy import Activation, BackTestRecord, PolicyVersion

REASON_LIMIT = 500
DOCUMENT_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One version with its state: in force or not, and its newest back-test."""

    version: PolicyVersion
    in_force: bool
    backtest: BackTestRecord | None


@dataclass(frozen=True, slots=True)
class PolicyVersions:
    """The life of policy versions. Every step names its actor and leaves an audit entry."""

    begin: Begin

    def all(self) -> Sequence[PolicyView]:
        """Every version, oldest first."""
        with self.begin() as work:
            active = work.policies.active()
            return tuple(_view(work, version, active) for version in work.policies.all())

    def get(self, number: int) -> PolicyView:
        """One version.

        Raises:
            NotFoundError: there is none of that number.
        """
        with self.begin() as work:
            return _view(work, _known(work, number), work.policies.active())

    def history(self) -> Sequence[Activation]:
        """Which version came into force when, oldest first."""
        with self.begin() as work:
            return work.policies.activations()

    def add(self, document: str, *, reason: str, actor: str, now: datetime) -> PolicyView:
        """Record a draft.

        Raises:
            InvalidError: the document or the reason is wrong.
        """
        _check_reason(reason)
        parse_policy(document, version=0)
        with self.begin() as work:
            version = work.policies.add(document, at=now, by=actor, reason=reason, activate=False)
            work.audit.add(AuditEntry(now, actor, "policy.added", str(version.version), {}))
            work.commit()
        return PolicyView(version, in_force=False, backtest=None)

    def activate(self, number: int, *, reason: str, actor: str, now: datetime) -> PolicyView:
        """Bring a version into force.

        Raises:
            NotFoundError: there is none of that number.
            ConflictError: it is in force, or no back-test compares it with what is.
            ForbiddenError: the change is large, and the actor is the one who wrote it.
            InvalidError: this release no longer takes the document.
        """
        _check_reason(reason)
        with self.begin() as work:
            version, active = _known(work, number), work.policies.active()
            if active is not None and active.version == number:
                raise ConflictError(f"Version {number} is in force already.")
            parse_policy(version.document, version=number)
            in_force = policy_of(active)
            backtest = _conclusive(work.policies.backtest_of(number), number, in_force)
            if backtest.large and actor == version.created_by:
                raise ForbiddenError(
                    f"Version {number} is a large change ({', '.join(backtest.large)}): somebody else than its author "
                    "has to activate it."
                )
            work.policies.activate(number, at=now, by=actor, reason=reason)
            detail: dict[str, object] = {"instead_of": in_force.version, "large": list(backtest.large)}
            work.audit.add(AuditEntry(now, actor, "policy.activated", str(number), detail))
            work.commit()
        return self.get(number)

    def roll_back(self, number: int | None, *, reason: str, actor: str, now: datetime) -> PolicyView:
        """Go back to the version that was in force before, at once and by anybody: it was approved once.

        Args:
            number: the version to leave, so that nobody rolls back another than they meant; ``None`` is whichever.
            reason: why.
            actor: who.
            now: when.

        Raises:
            ConflictError: another version is in force, or none was before.
        """
        _check_reason(reason)
        with self.begin() as work:
            active = work.policies.active()
            if active is None or number not in (None, active.version):
                in_force = "the shipped policy" if active is None else f"version {active.version}"
                raise ConflictError(f"Version {number} is not in force: {in_force} is.")
            before = work.policies.roll_back(at=now, by=actor, reason=reason)
            if before is None:
                raise ConflictError("No other version was in force before.")
            detail: dict[str, object] = {"instead_of": active.version}
            work.audit.add(AuditEntry(now, actor, "policy.rolled_back", str(before), detail))
            work.commit()
        return self.get(before)


def policy_of(version: PolicyVersion | None) -> Policy:
    """The policy of a version, ready to decide; the shipped one without a version."""
    if version is None:
        return parse_policy(default_policy_text(), version=0)
    return parse_policy(version.document, version=version.version)


def _conclusive(backtest: BackTestRecord | None, number: int, in_force: Policy) -> BackTestRecord:
    """The back-test, if it says what the change would do now."""
    if backtest is None:
        raise ConflictError(f"Version {number} was never back-tested: do that first.")
    if backtest.against != in_force.version:
        raise ConflictError(
            f"Version {number} was compared with version {backtest.against}, but version {in_force.version} is in "
            "force by now: back-test it again."
        )
    least = in_force.document.approval.least_decisions
    if not backtest.whole and backtest.decisions < least:
        raise ConflictError(
            f"The back-test replayed {backtest.decisions} decisions of part of the record; at least {least} are "
            "needed, or the whole record."
        )
    return backtest


def _view(work: UnitOfWork, version: PolicyVersion, active: PolicyVersion | None) -> PolicyView:
    in_force = active is not None and active.version == version.version
    return PolicyView(version, in_force, work.policies.backtest_of(version.version))


def _known(work: UnitOfWork, number: int) -> PolicyVersion:
    version = work.policies.get(number)
    if version is None:
        raise NotFoundError(f"There is no policy version {number}.")
    return version


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > REASON_LIMIT or not reason.isprintable():
        message = f"must have 1 to {REASON_LIMIT} printable characters"
        raise InvalidError("Say why.", (FieldError("/reason", message),))
