"""Look back from a ban: accounts that were let in, other clusters of the same operator, and a watch on his habits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.identifiers import identifiers_of
from models.linkage.identifier import IdentifierKind, Strength, strength_of
from models.linkage.joining import DEGREE_CAP
from models.linkage.marks import Mark, most_bans
from models.signals.signals import derive_signals
from service.domain.case import OPERATOR
from service.domain.cluster import cluster_id, identifier_handle
from service.domain.containment import WORKER
from service.domain.decision import REFUSED, Assessment, Decision
from service.domain.errors import ConflictError
from service.domain.policy_sections.clusters import AfterBan
from service.domain.watch import MATCHES, WATCHED_KINDS, Watch, Watches
from service.usecases.faster_others import leaving_to_others
from service.usecases.judge import Judge
from service.usecases.learnt_since import learnt_keys
from service.usecases.look_again import look_again
from service.usecases.ports import AuditEntry, Begin, Recorded, UnitOfWork
from service.usecases.ports_clusters import ClusterMember, IdentifierKey
from service.usecases.tell_consequence import TellConsequence
from service.usecases.workers_cases import WorkersCase, WorkersCases

Kind = IdentifierKind
Habit = tuple[IdentifierKind, bytes]

BANS_A_ROUND = 20
BATCH = 500
CARRIERS = 500
"""The newest carriers of an identifier that are looked at: of a crowd's no more is learnt."""
PIECE = 200
"""The newest members of a banned cluster whose identifiers lead to other clusters."""
SAMPLE = 2_000
"""The newest sign-ups by which it is estimated how many a watch would ask."""
AT_THE_SAME_TIME = timedelta(seconds=30)
"""Whoever came so soon after a ban may have been judged without: it is dated by when its request came."""
HABITS = 64
"""Habits that a watch knows at most."""
BRIDGES_TOLD = 12
"""Of what two clusters share as much as somebody reads."""

SAME_OPERATOR = "SAME_OPERATOR"
"""Why two clusters are a case: too many bridges of too many kinds for chance."""

_WEAK = frozenset(
    {
        Kind.EMAIL_PATTERN,
        Kind.PROFILE_NETWORK,
        Kind.BIN,
        Kind.IP_PREFIX,
        Kind.PHONE_BLOCK,
        Kind.BIN_COUNTRY,
        Kind.FORM_LANGUAGE,
        Kind.SPONSOR,
        Kind.INVITER,
    }
)
_WEAK_WANTED = 3


@dataclass(frozen=True, slots=True)
class LookBack:
    """A job of the worker: every ban is looked back from once.

    The banned cluster itself is judged by ``JudgeClusters``, because its known frauds changed.
    """

    begin: Begin
    judge: Judge
    cases: WorkersCases
    tell: TellConsequence

    def __call__(self, now: datetime) -> int:
        """Look back from what is due; how many bans."""
        lines = self.judge.policy().document.clusters.after_ban
        with self.begin() as work:
            bans = work.after_bans.bans(limit=BANS_A_ROUND)
            members = {due: work.clusters.member(due.ban.signup_no) for due in bans}
            clusters = {due: work.clusters.cluster_of(due.ban.signup_no) for due in bans}
        # Bans come in waves: what is asked of an account, or of a cluster, is asked once.
        after: dict[int, datetime] = {}
        for due, banned in members.items():
            if banned is not None:
                with self.begin() as work:
                    for number in kin_of(work, banned, lines, now):
                        after[number] = max(due.reached_at, after.get(number, due.reached_at))
        self._allowed_before(after, now)
        around: dict[int, list[ClusterMember]] = defaultdict(list)
        for due, cluster in clusters.items():
            if cluster is not None and (banned := members[due]) is not None:
                around[cluster].append(banned)
        for cluster in sorted(around):
            self._around(cluster, around[cluster], lines, now)
        # One by one: each takes its account's row, and others take several in an order of their own.
        for due in bans:
            with self.begin() as work:
                work.after_bans.looked_back(due, at=now)
                work.commit()
        return len(bans)

    def _allowed_before(self, after: Mapping[int, datetime], now: datetime) -> None:
        """Judge accounts again that were let in, each by number with the instant since when a ban reaches it."""
        leaving_to_others(lambda kin: self._score_again(kin, after, now), sorted(after, reverse=True), batch=BATCH)

    def _around(self, cluster: int, banned: Sequence[ClusterMember], lines: AfterBan, now: datetime) -> None:
        """``banned`` may be older than the newest members, which may all be forms that were refused."""
        with self.begin() as work:
            by_number = {each.signup_no: each for each in (*banned, *work.clusters.newest(cluster, limit=PIECE))}
            newest = [by_number[number] for number in sorted(by_number)]
            if newest:
                self._same_operator(work, cluster, newest, lines, now)
                self._watch(work, cluster, newest, lines, now)
            # Another worker may have opened the watch at the same moment: then there is one.
            with suppress(ConflictError):
                work.commit()

    def _score_again(self, kin: Sequence[int], after: Mapping[int, datetime], now: datetime) -> int:
        """Judge accounts that were let in again; those that were since the ban reaches them are done already."""
        told = 0
        with self.begin() as work:
            for recorded in work.ledger.several(kin):
                last = recorded.assessments[-1] if recorded.assessments else None
                if last is None or last.decision in REFUSED:
                    continue
                if self._is_done(work, recorded, after[recorded.signup_no]):
                    continue
                assessment = self._looked(work, recorded, now)
                if assessment.decision.severity > last.decision.severity:
                    because = {"after": "ban_of_another"}
                    told += self.tell(work, recorded, assessment, because=because, now=now) is not None
            work.commit()
        return told

    def _is_done(self, work: UnitOfWork, recorded: Recorded, reached_at: datetime) -> bool:
        """Whether its history was looked at since the ban reaches it, with all that it carries by now; or whether a
        person released it since, who knew of the bans, and of what it carried, by then.
        """
        released_at = work.containments.released_at([recorded.signup_no]).get(recorded.signup_no)
        if released_at is not None and released_at >= reached_at:
            learnt = work.clusters.learnt_after(recorded.signup_no, released_at)
            return all(strength_of(each.kind) is not Strength.STRONG for each in learnt)
        looked_at = _history_looked_at(recorded.assessments)
        if looked_at is None or looked_at <= reached_at:
            return False
        told = identifiers_of(recorded.signup, derive_signals(recorded.signup, self.judge.reference))
        return not learnt_keys(work, recorded.signup_no, told)

    def _looked(self, work: UnitOfWork, recorded: Recorded, now: datetime) -> Assessment:
        """As it looks now; but whoever came before the banned, and shares with them nothing but what anybody can write
        down, is asked in place of being held for that: they may have written down what is his.
        """
        looked = look_again(work, self.judge, recorded, now=now)
        only_public = not looked.linkage.get("bans", {}).get("had")
        if looked.decision is not Decision.REVIEW or not only_public or not _came_first(work, recorded):
            return looked
        without = look_again(work, self.judge, recorded, now=now, strong_bans=False)
        if without.decision in REFUSED:
            return looked
        return replace(looked, decision=Decision.STEP_UP)

    def _same_operator(
        self, work: UnitOfWork, cluster: int, members: Sequence[ClusterMember], lines: AfterBan, now: datetime
    ) -> None:
        for other, keys in bridges(work, cluster, members, within=timedelta(days=lines.bridge_days)).items():
            kinds = {key.kind for key in keys}
            if len(keys) < lines.bridges or len(kinds) < lines.bridge_kinds:
                continue
            pair = sorted([cluster_id(cluster), cluster_id(other)])
            subject = f"{OPERATOR}{pair[0]}:{pair[1]}"
            if work.cases.of_subject(None, subject) is not None:
                continue
            detail: dict[str, object] = {
                "clusters": pair,
                "bridges": len(keys),
                "kinds": sorted(kind.value for kind in kinds),
            }
            shown = members[-1]
            self.cases.open(
                work,
                WorkersCase(
                    subject=subject,
                    owner=shown.owner,
                    reason=SAME_OPERATOR,
                    record_id=shown.id,
                    size=len(members),
                    detail={**detail, "shared": _shared(work, other, keys, members)},
                    note=f"Two clusters that may be one operator's: {pair[0]} and {pair[1]}. "
                    f"They share {len(keys)} identifiers of {len(kinds)} kinds that few others carry.",
                ),
            )
            work.audit.add(*(AuditEntry(now, WORKER, "cluster.to_be_reviewed", name, detail) for name in pair))

    def _watch(
        self, work: UnitOfWork, cluster: int, members: Sequence[ClusterMember], lines: AfterBan, now: datetime
    ) -> None:
        """Open a watch on what tells the piece from everybody else, as much of it as the budget bears.

        Another one follows for the same cluster once as much again is known of its habits.
        """
        if not lines.watch_hours:
            return
        standing = work.after_bans.watches(now=now)
        known = {key for watch in standing for key in watch.keys}
        of_cluster = {key for watch in standing if watch.cluster == cluster for key in watch.keys}
        own = Counter(habit for member in _piece(work, members) for habit in _habits_of(member))
        if len(own.keys() - known) <= len(of_cluster):
            return
        watches = Watches(standing)
        others = [habits for habits in map(_habits_of, _others(work, cluster)) if not watches.matching(habits)]
        left = lines.watch_budget - sum(watch.expected_share for watch in standing)
        keys, asked = _telling(own, others, bearing=int(left * len(others)))
        if len({kind for kind, _ in keys}) < MATCHES or len(keys - known) <= len(of_cluster):
            return
        watch = Watch(
            number=work.after_bans.next_watch(),
            id=self.judge.new_id(now),
            cluster=cluster,
            keys=keys,
            expected_share=asked / max(len(others), 1),
            opened_at=now,
            until=now + timedelta(hours=lines.watch_hours),
        )
        detail: dict[str, object] = {
            "watch": watch.id,
            "expected_share": watch.expected_share,
            "habits": len(keys),
        }
        work.after_bans.open_watch(watch)
        work.audit.add(AuditEntry(now, WORKER, "watch.opened", cluster_id(cluster), detail))


def _history_looked_at(assessments: Sequence[Assessment]) -> datetime | None:
    """When the history of an account was looked at last: neither a proof nor a person does, and what only repeats an
    earlier assessment, as of whoever hangs through others or is given back, has the very vector of that one.
    """
    looked_at, vector = None, None
    for at, each in enumerate(assessments):
        if each.vector is not None and each.vector != vector:
            looked_at, vector = each.decided_at - (timedelta() if at else AT_THE_SAME_TIME), each.vector
    return looked_at


def _came_first(work: UnitOfWork, recorded: Recorded) -> bool:
    """Whether every banned account that it shares a strong identifier with came after it."""
    member = work.clusters.member(recorded.signup_no)
    strong = () if member is None else [key for key in member.identifiers if strength_of(key.kind) is Strength.STRONG]
    known = (each for key in strong for each in work.clusters.known_of(key, limit=most_bans(key.kind)))
    return all(each.signup_no >= recorded.signup_no for each in known if each.mark is Mark.BANNED)


def bridges(
    work: UnitOfWork, cluster: int, members: Sequence[ClusterMember], *, within: timedelta
) -> dict[int, set[IdentifierKey]]:
    """Identifiers that members share with other clusters, by cluster: single medium ones, and guarded strong ones.

    Only what few carry and what was used within a span of each other counts.
    """
    found: dict[int, set[IdentifierKey]] = defaultdict(set)
    used: dict[IdentifierKey, list[ClusterMember]] = defaultdict(list)
    for member in members:
        for key in member.identifiers:
            if strength_of(key.kind) is not Strength.WEAK:
                used[key].append(member)
    for key, own in used.items():
        cap = DEGREE_CAP.get(key.kind, max(DEGREE_CAP.values()))
        carriers = work.clusters.carriers(key, limit=cap + 1)
        if len(carriers) > cap:
            continue
        for other in carriers:
            if any(abs(other.occurred_at - each.occurred_at) <= within for each in own):
                root = work.clusters.cluster_of(other.signup_no)
                if root is not None and root != cluster:
                    found[root].add(key)
    return found


def _shared(
    work: UnitOfWork, other: int, keys: Collection[IdentifierKey], members: Sequence[ClusterMember]
) -> list[dict[str, object]]:
    """The strongest of what two clusters share, each with the newest account of either that carries it."""
    kinds = list(Kind)
    told: list[dict[str, object]] = []
    for key in sorted(keys, key=lambda each: (kinds.index(each.kind), each.digest))[:BRIDGES_TOLD]:
        carriers = work.clusters.carriers(key, limit=CARRIERS)
        of_number = work.clusters.clusters_of([each.signup_no for each in carriers])
        own = next((each for each in reversed(members) if key in each.identifiers), None)
        theirs = next((each for each in carriers if of_number.get(each.signup_no) == other), None)
        accounts = [each.id for each in (own, theirs) if each is not None]
        told.append({"identifier": identifier_handle(key.kind, key.digest), "accounts": accounts})
    return told


def kin_of(
    work: UnitOfWork,
    banned: ClusterMember,
    lines: AfterBan,
    now: datetime,
    *,
    of: Sequence[Decision] = (Decision.ALLOW, Decision.STEP_UP),
    guarded_too: bool = False,
) -> list[int]:
    """The newest accounts that share a strong identifier, a medium pair or three weak ones with a banned one.

    Those of whom one of these was decided at some time: first those who were let in, or hundreds of forms that wait for
    a proof would hide them. With ``guarded_too`` also by what ties nobody any more.
    """
    guards = () if guarded_too else work.clusters.guards(banned.identifiers)
    guarded = {guard.key.digest for guard in guards}
    tying = [key for key in banned.identifiers if key.digest not in guarded]
    since = now - timedelta(days=lines.look_back_days)
    kin = dict.fromkeys(number for once in of for number in _sharing(work, tying, since, once))
    kin.pop(banned.signup_no, None)
    return list(kin)[: lines.look_back_accounts]


def _sharing(work: UnitOfWork, keys: Sequence[IdentifierKey], since: datetime, once: Decision) -> list[int]:
    strong: set[int] = set()
    medium: Counter[int] = Counter()
    weak: Counter[int] = Counter()
    for key in keys:
        strength = strength_of(key.kind)
        if strength is Strength.WEAK and key.kind not in _WEAK:
            continue
        numbers = [
            each.signup_no
            for each in work.clusters.carriers(key, limit=CARRIERS, once=once, since=since)
            if each.label is None
        ]
        if strength is Strength.STRONG:
            strong.update(numbers)
        elif strength is Strength.MEDIUM:
            medium.update(numbers)
        else:
            weak.update(numbers)
    return sorted(strong | _with(medium, 2) | _with(weak, _WEAK_WANTED), reverse=True)


def _with(counted: Counter[int], least: int) -> set[int]:
    return {number for number, count in counted.items() if count >= least}


def _habits_of(member: ClusterMember) -> frozenset[Habit]:
    return frozenset((key.kind, key.digest) for key in member.identifiers if key.kind in WATCHED_KINDS)


def _piece(work: UnitOfWork, members: Sequence[ClusterMember]) -> list[ClusterMember]:
    """Those that are banned, and those that are contained with them."""
    contained = work.containments.standing_among([member.signup_no for member in members])
    return [member for member in members if member.label is Mark.BANNED or member.signup_no in contained]


def _telling(own: Counter[Habit], others: Sequence[frozenset[Habit]], *, bearing: int) -> tuple[frozenset[Habit], int]:
    """The habits that a piece has far more often than others do, and how many others have two kinds of them.

    ``own`` counts those of the piece. The most telling come first, each while no more than ``bearing`` others would be
    asked.
    """
    carried = Counter(habit for habits in others for habit in habits & own.keys())
    chosen: set[Habit] = set()
    asked: set[int] = set()
    for habit in sorted(own, key=lambda each: (-own[each] / (carried[each] + 1), each)):
        also = {
            at
            for at, habits in enumerate(others)
            if habit in habits and any(each in chosen and each[0] is not habit[0] for each in habits)
        }
        if len(asked | also) <= bearing:
            chosen.add(habit)
            asked |= also
        if len(chosen) == HABITS:
            break
    return frozenset(chosen), len(asked)


def _others(work: UnitOfWork, cluster: int) -> list[ClusterMember]:
    """The newest sign-ups of other clusters that are not known as fraud."""
    after_no = max(0, work.clusters.last_no() - SAMPLE)
    own = {member.signup_no for member in work.clusters.members(cluster, after_no=after_no)}
    newest = work.clusters.recent(after_no=after_no, limit=SAMPLE)
    return [member for member in newest if member.signup_no not in own and member.label is not Mark.BANNED]
