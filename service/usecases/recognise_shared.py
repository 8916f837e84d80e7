"""Recognise shared infrastructure from evidence, let persons declare it, and stop believing in it when it turns bad.

A guard only keeps an identifier from joining clusters. It lowers no score: how often the identifier was seen, by whom
and with what results is counted as before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.linkage.identifier import IdentifierKind, Strength, strength_of
from models.linkage.joining import GuardState
from models.linkage.marks import Mark
from models.linkage.pieces import Account, components, ties_of
from models.reference.mail_domains import MailDomains
from service.domain.cluster import cluster_id, identifier_handle
from service.domain.containment import WORKER
from service.domain.errors import ConflictError
from service.domain.policy import Policy
from service.domain.policy_sections.clusters import GuardLine, GuardLines
from service.usecases.divide_cluster import clusters_with_several, divide, unite_carriers
from service.usecases.lift_guard import lift_guard
from service.usecases.ports import AuditEntry, Begin, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, Guard, IdentifierKey, Known
from service.usecases.survey_cluster import key_of

Kind = IdentifierKind

CANDIDATES = 500
"""Identifiers of a kind that are looked at in one round."""
CARRIERS = 2_000
KNOWN = 1_000

EVERY = timedelta(minutes=10)
"""How often new shared identifiers are looked for; guards that turned bad are dropped in every round."""

_ONE_OF = {Kind.DEVICE: Kind.EMAIL_DOMAIN, Kind.PAYMENT: Kind.INSTITUTION}
"""What those who share it must have in common, all of them: a family's or laboratory's people do."""

UNNAMED = 4
"""For one who names no institution so many must name theirs."""

_DAY = timedelta(days=1)


class RecogniseShared:
    """A job of the worker."""

    def __init__(self, begin: Begin, policy: Callable[[], Policy], mail: MailDomains) -> None:
        self._begin = begin
        self._policy = policy
        self._mail = mail
        self._anybodys: frozenset[bytes] | None = None
        self._looked_at: datetime | None = None

    def __call__(self, now: datetime) -> int:
        """Drop what turned bad or expired and, from time to time, look for what is shared; how many guards changed."""
        lines = self._policy().document.clusters.guards
        changed = self._drop(lines, now)
        if self._looked_at is None or now - self._looked_at >= EVERY:
            changed += self._recognise(lines, now)
            self._looked_at = now
        return changed

    def _drop(self, lines: GuardLines, now: datetime) -> int:
        dropped = 0
        with self._begin() as work:
            guards = work.clusters.guards()
        for guard in guards:
            with self._begin() as work:
                why = _why_dropped(work, guard, lines, self._of_anybody(work), now)
            if why is not None:
                drop(self._begin, guard, why=why, now=now)
                dropped += 1
        return dropped

    def _recognise(self, lines: GuardLines, now: datetime) -> int:
        found = 0
        for kind, line in ((Kind.DEVICE, lines.device), (Kind.PAYMENT, lines.payment), (Kind.IP, lines.ip)):
            with self._begin() as work:
                praised = work.clusters.praised(kind, at_least=line.good, limit=CANDIDATES)
                guarded = {guard.key.digest for guard in work.clusters.guards(praised)}
            for key in praised:
                if key.digest in guarded:
                    continue
                with self._begin() as work:
                    if not _is_shared(work, key, line, self._of_anybody(work)):
                        continue
                _guard(
                    self._begin,
                    Guard(key, GuardState.SHARED, now, WORKER, "verified_good_accounts"),
                    now=now,
                )
                found += 1
        return found

    def _of_anybody(self, work: UnitOfWork) -> frozenset[bytes]:
        """The mail domains that make nobody a family, because anybody gets a mailbox there; digested once."""
        if self._anybodys is None:
            domains = self._mail.free | self._mail.relay | self._mail.disposable
            keys = work.clusters.keys_of([(Kind.EMAIL_DOMAIN, domain) for domain in domains])
            self._anybodys = frozenset(key.digest for key in keys)
        return self._anybodys


@dataclass(frozen=True, slots=True)
class DeclareShared:
    """A person says that identifiers are shared, until when and why: the exempt list's way to the clusters."""

    begin: Begin

    def __call__(
        self,
        identifiers: Sequence[tuple[IdentifierKind, str]],
        *,
        by: str,
        reason: str,
        until: datetime | None,
        now: datetime,
    ) -> int:
        """Guard them, in their canonical form, and part those whom only they tied; how many members left clusters.

        What is guarded already, by evidence or because it was cut out, stays as it is.
        """
        moved = 0
        for kind, value in identifiers:
            with self.begin() as work:
                keys = work.clusters.keys_of([(kind, value)])
                guarded = {guard.key for guard in work.clusters.guards(keys)}
            for key in keys:
                if key in guarded:
                    continue
                moved += _guard(self.begin, Guard(key, GuardState.EXEMPT, now, by, reason, until), now=now)
        return moved


def drop(begin: Begin, guard: Guard, *, why: str, now: datetime) -> None:
    """Lift a guard, say why, and make one cluster of those whom the identifier ties again."""
    joins_alone = strength_of(guard.key.kind) is Strength.STRONG
    with begin() as work:
        if not work.clusters.guards([guard.key]):
            return  # another worker was faster
        if joins_alone:
            # Before too: what is interrupted here is begun again in the next round, and nothing later would be.
            unite_carriers(begin, guard.key, at=now)
        lift_guard(work, guard, at=now)
        detail: dict[str, object] = {"state": guard.state.name.lower(), "why": why}
        work.audit.add(AuditEntry(now, WORKER, "guard.lifted", _named(guard.key), detail))
        _tell_clusters(work, guard, "cluster.guard_lifted", by=WORKER, why=why, now=now)
        try:
            work.commit()
        except ConflictError:
            return  # another worker was faster
    if joins_alone:
        unite_carriers(begin, guard.key, at=now)


def _guard(begin: Begin, guard: Guard, *, now: datetime) -> int:
    """Guard an identifier, and part those whom only it tied; how many members, none where somebody else was faster.

    Should it be interrupted, ``DivideGuarded`` parts them.
    """
    with begin() as work:
        work.clusters.set_guard(guard)
        detail: dict[str, object] = {"state": guard.state.name.lower(), "reason": guard.reason}
        work.audit.add(AuditEntry(now, guard.by, "guard.set", _named(guard.key), detail))
        _tell_clusters(work, guard, "cluster.guarded", by=guard.by, why=guard.reason, now=now)
        try:
            work.commit()
        except ConflictError:
            return 0
        # Once more: whoever came until now was tied by it.
        tied = clusters_with_several(work, guard.key)
    return sum(len(divide(begin, cluster, guard.key, at=now)) for cluster in tied)


def _tell_clusters(work: UnitOfWork, guard: Guard, action: str, *, by: str, why: str, now: datetime) -> None:
    """Have the history of a cluster say what became of an identifier that ties it by itself; an address ties pairs, and
    hundreds of clusters may have one.
    """
    if strength_of(guard.key.kind) is Strength.STRONG:
        detail: dict[str, object] = {"identifier": _named(guard.key), "state": guard.state.name.lower(), "reason": why}
        for cluster in clusters_with_several(work, guard.key):
            work.audit.add(AuditEntry(now, by, action, cluster_id(cluster), detail))


def _why_dropped(
    work: UnitOfWork, guard: Guard, lines: GuardLines, of_anybody: frozenset[bytes], now: datetime
) -> str | None:
    if guard.until is not None and guard.until <= now:
        return "expired"
    if guard.state is not GuardState.SHARED:
        return None
    known = work.clusters.known_of(guard.key, limit=KNOWN)
    frauds = [each for each in known if each.mark is Mark.BANNED]
    if guard.key.kind is not Kind.IP:
        if frauds:
            return "fraud"
        carriers = work.clusters.carriers(guard.key, limit=CARRIERS)
        return None if _alike(carriers, guard.key.kind, of_anybody) else "others"
    recent = sum(now - each.at <= _DAY for each in frauds)
    if recent >= lines.ip_dropped_at_frauds_24h or len(frauds) > lines.ip_dropped_at_share * len(known):
        return "fraud"
    return None


def _is_shared(work: UnitOfWork, key: IdentifierKey, line: GuardLine, of_anybody: frozenset[bytes]) -> bool:
    """Whether the evidence says so; good accounts of one cluster count as one, so that nobody grows them alone."""
    known = work.clusters.known_of(key, limit=KNOWN)
    good = [each for each in known if each.mark is Mark.GOOD]
    frauds = len(known) - len(good)
    if len(good) < line.good or frauds > _borne(key.kind, line, known):
        return False
    carriers = work.clusters.carriers(key, limit=CARRIERS)
    occurred = [member.occurred_at for member in carriers]
    if max(occurred) - min(occurred) < timedelta(days=line.days):
        return False
    if not _alike(carriers, key.kind, of_anybody):
        return False
    return _apart(work, key, {each.signup_no for each in good}) >= line.clusters


def _borne(kind: IdentifierKind, line: GuardLine, known: Sequence[Known]) -> float:
    """Known frauds that are borne: none on a device or a card, one or a share on an address."""
    return max(1.0, line.fraud_share * len(known)) if kind is Kind.IP else 0.0


def _alike(carriers: Sequence[ClusterMember], kind: IdentifierKind, of_anybody: frozenset[bytes]) -> bool:
    """Whether all of them have in common what the kind asks for.

    Who names no institution may be of any: a few forget to among colleagues, most of those who follow a stranger do.
    """
    if kind not in _ONE_OF:
        return True
    common = _ONE_OF[kind]
    said = Counter(frozenset(key.digest for key in each.identifiers if key.kind is common) for each in carriers)
    unnamed = said.pop(frozenset(), 0)
    alike = len(said) == 1 and all(len(one) == 1 and one.isdisjoint(of_anybody) for one in said)
    return alike and UNNAMED * unnamed <= said.total()


def _apart(work: UnitOfWork, key: IdentifierKey, good: Collection[int]) -> int:
    """How many clusters the good accounts would be in if this identifier tied nobody."""
    of_cluster: dict[int, set[int]] = {}
    for number in good:
        cluster = work.clusters.cluster_of(number)
        if cluster is not None:
            of_cluster.setdefault(cluster, set()).add(number)
    guarded = frozenset(key_of(guard.key) for guard in work.clusters.guards()) | {key_of(key)}
    apart = 0
    for cluster, numbers in of_cluster.items():
        if len(numbers) == 1:
            apart += 1
            continue
        accounts = [
            Account(member.signup_no, tuple(key_of(each) for each in member.identifiers))
            for member in work.clusters.members(cluster)
        ]
        parts = components([account.number for account in accounts], ties_of(accounts, guarded))
        apart += sum(not numbers.isdisjoint(part) for part in parts)
    return apart


def _named(key: IdentifierKey) -> str:
    return identifier_handle(key.kind, key.digest)
