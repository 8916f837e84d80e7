"""Watch for attacks: surprising keys over recent decisions become attacks, which end when they fall quiet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.domain.attack import ENDS_AFTER, SIGNUPS_TO_START, STARTS_WITHIN, Attack, key_id
from service.domain.caller import Caller
from service.domain.errors import ConflictError
from service.domain.event import Event, EventType
from service.usecases.ports import Begin
from service.usecases.ports_attacks import Sight, Step
from service.usecases.ports_clusters import IdentifierKey

STEPS_A_ROUND = 50
"""At most 50,000 decisions: other jobs of the worker get their turn after a long pause too."""


@dataclass(frozen=True, slots=True)
class WatchAttacks:
    """The worker's job; safe to run again, and beside itself."""

    begin: Begin
    new_id: Callable[[datetime], str]

    def __call__(self, now: datetime) -> int:
        """Follow the decisions and end what is quiet; how many attacks started or ended."""
        changed = 0
        for _ in range(STEPS_A_ROUND):
            found = self._step(now)
            if found is None:
                return changed + self._end_quiet(now)
            changed += found
        return changed

    def _step(self, now: datetime) -> int | None:
        with self.begin() as work:
            step = work.attacks.next_step()
            if step is None:
                return None
            known = work.attacks.known(step)
            fresh = _by_key(step, known)
            going_on = work.attacks.open(fresh)
            since = min((each.at for each in step.sights), default=now) - STARTS_WITHIN
            earlier: dict[IdentifierKey, list[Sight]] = defaultdict(list)
            for sight in work.attacks.corroborated([key for key in fresh if key not in going_on], since=since):
                earlier[sight.key].append(sight)
            work.attacks.advance(step, at=now)
            started = 0
            for key, sights in fresh.items():
                before = going_on.get(key)
                after = _seen(before, sights) if before else self._started(earlier[key], sights, now)
                if after is None:
                    continue
                if before is None:
                    work.attacks.start(key, after)
                    started += 1
                else:
                    work.attacks.update(after)
                new = after.owners - (frozenset() if before is None else before.owners)
                work.events.add(*self._events(EventType.ATTACK_STARTED, after, new, now))
            try:
                work.commit()
            except ConflictError:
                return 0  # another worker took the step
        return started

    def _started(self, earlier: Sequence[Sight], sights: Sequence[Sight], now: datetime) -> Attack | None:
        """The attack that starts with the first sight that is enough; everything after it belongs to it too."""
        window = [*earlier]
        for place, sight in enumerate(sights):
            if not sight.another_sign:
                continue
            window = [each for each in (*window, sight) if each.at > sight.at - STARTS_WITHIN]
            if len(window) >= SIGNUPS_TO_START:
                return _seen(_first(self.new_id(now), window, now), sights[place + 1 :])
        return None

    def _end_quiet(self, now: datetime) -> int:
        with self.begin() as work:
            quiet = work.attacks.quiet(before=now - ENDS_AFTER)
        ended = 0
        for attack in quiet:
            with self.begin() as work:
                work.attacks.end(attack, at=now)
                over = replace(attack, ended_at=now)
                work.events.add(*self._events(EventType.ATTACK_ENDED, over, attack.owners, now))
                try:
                    work.commit()
                except ConflictError:
                    continue  # seen again meanwhile, or ended by another worker
            ended += 1
        with self.begin() as work:
            work.attacks.forget(before=now - ENDS_AFTER)
        return ended

    def _events(self, kind: EventType, attack: Attack, owners: frozenset[str], now: datetime) -> Iterator[Event]:
        for owner in sorted(owners):
            yield Event(
                id=self.new_id(now),
                type=kind,
                owner=owner,
                subject=attack.id,
                occurred_at=now,
                due_at=now,
                data=told(attack),
            )


@dataclass(frozen=True, slots=True)
class ListAttacks:
    """The attacks that the caller's sign-ups were part of."""

    begin: Begin

    def __call__(self, *, caller: Caller) -> Sequence[Attack]:
        """Those that go on first, then the newest; at most a hundred."""
        with self.begin() as work:
            return work.attacks.of_owner(caller.owner)


def told(attack: Attack) -> dict[str, object]:
    """What the sign-up flow is told of an attack."""
    return {
        "id": attack.id,
        "key": {"kind": attack.kind.value, "id": attack.key},
        "surprise": attack.surprise / 10,
        "signups": attack.signups,
        "first_seen_at": attack.first_seen_at.isoformat(),
        "last_seen_at": attack.last_seen_at.isoformat(),
        "started_at": attack.started_at.isoformat(),
        "ended_at": None if attack.ended_at is None else attack.ended_at.isoformat(),
    }


def _by_key(step: Step, known: frozenset[tuple[IdentifierKey, int]]) -> Mapping[IdentifierKey, list[Sight]]:
    """The sights of a step by key, oldest first; each sign-up once, and none that was seen before."""
    fresh: dict[IdentifierKey, dict[int, Sight]] = defaultdict(dict)
    for sight in step.sights:
        if (sight.key, sight.signup_no) not in known:
            fresh[sight.key].setdefault(sight.signup_no, sight)
    return {key: list(sights.values()) for key, sights in fresh.items()}


def _first(attack_id: str, window: Sequence[Sight], now: datetime) -> Attack:
    key = window[0].key
    return Attack(
        id=attack_id,
        kind=key.kind,
        key=key_id(key.kind, key.digest),
        started_at=now,
        first_seen_at=min(each.at for each in window),
        last_seen_at=max(each.at for each in window),
        signups=len(window),
        surprise=max(each.surprise for each in window),
        owners=frozenset(each.owner for each in window),
    )


def _seen(attack: Attack, sights: Sequence[Sight]) -> Attack:
    """The attack, seen again."""
    if not sights:
        return attack
    return replace(
        attack,
        last_seen_at=max(attack.last_seen_at, *(each.at for each in sights)),
        signups=attack.signups + len(sights),
        surprise=max(attack.surprise, *(each.surprise for each in sights)),
        owners=attack.owners | {each.owner for each in sights},
    )
