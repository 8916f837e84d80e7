"""Step-ups, mails, appeals and pass rates in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from service.domain.challenge import ChallengeMethod, ChallengeStatus
from service.domain.pass_rates import Answered, PassRate
from service.domain.step_up import Step, StepUp
from service.storage.memory.shelves import KeptMail, Shelves, Undo, Write
from service.usecases.ports_step_up import Appeal, Mail, NewStepUp, StepUpMovedError

_TRIED = frozenset({ChallengeStatus.PASSED, ChallengeStatus.FAILED})


class MemoryStepUps:
    """See ``service.usecases.ports_step_up.StepUps``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def of_record(self, record_id: str) -> StepUp | None:
        """See the port."""
        with self._shelves.lock:
            return self._shelves.step_ups.get(record_id)

    def of_challenge(self, owner: str | None, challenge_id: str) -> StepUp | None:
        """See the port."""
        return next(
            (
                each
                for each in self._all()
                if owner in (None, each.owner) and any(c.id == challenge_id for c in each.challenges)
            ),
            None,
        )

    def of_page(self, digest: bytes) -> StepUp | None:
        """See the port."""
        return next((each for each in self._all() if each.page.digest == digest), None)

    def add(self, new: NewStepUp) -> None:
        """See the port."""
        self._staged.append(lambda: self._shelves.add_step_up(new))

    def save(self, before: StepUp, after: StepUp, steps: Sequence[Step]) -> None:
        """See the port."""

        def write() -> Undo:
            kept = self._shelves.step_ups[before.record_id]
            if kept.version != before.version:
                raise StepUpMovedError
            self._shelves.step_ups[before.record_id] = replace(after, version=before.version + 1)
            taken = len(self._shelves.steps)
            self._shelves.steps.extend((before.record_id, step) for step in steps)

            def undo() -> None:
                self._shelves.step_ups[before.record_id] = kept
                del self._shelves.steps[taken:]

            return undo

        self._staged.append(write)

    def due(self, *, now: datetime, limit: int) -> Sequence[StepUp]:
        """See the port."""
        late = [each for each in self._all() if any(c.pending and c.expires_at <= now for c in each.challenges)]
        return late[:limit]

    def history(self, record_id: str) -> Sequence[Step]:
        """See the port."""
        with self._shelves.lock:
            return tuple(step for of, step in self._shelves.steps if of == record_id)

    def people_proven(self, proof: bytes, *, since: datetime, besides: str) -> int:
        """See the port."""
        return sum(
            any(c.proof == proof and c.closed_at is not None and c.closed_at >= since for c in each.challenges)
            for each in self._all()
            if each.record_id != besides
        )

    def proven(self, methods: Collection[ChallengeMethod], *, by: datetime) -> Mapping[str, datetime]:
        """See the port."""
        found: dict[str, datetime] = {}
        for step_up in self._all():
            passed = [
                each.closed_at
                for each in step_up.challenges
                if each.status is ChallengeStatus.PASSED and each.method in methods and each.closed_at is not None
            ]
            if passed and min(passed) <= by:
                found[step_up.record_id] = min(passed)
        return found

    def answered(self, *, since: datetime) -> Sequence[Answered]:
        """See the port."""
        return tuple(
            Answered(
                method=c.method,
                groups=each.doubt.groups,
                passed=c.status is ChallengeStatus.PASSED,
                odds=each.doubt.odds,
                signup_no=self._shelves.by_id[each.record_id],
            )
            for each in self._all()
            for c in each.challenges
            if c.status in _TRIED and c.closed_at is not None and c.closed_at >= since
        )

    def _all(self) -> list[StepUp]:
        with self._shelves.lock:
            return list(self._shelves.step_ups.values())


class MemoryMails:
    """See ``service.usecases.ports_step_up.Mails``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, *mails: Mail) -> None:
        """See the port."""
        self._staged.append(lambda: self._shelves.add_mails(mails))

    def claim(self, *, now: datetime, until: datetime, limit: int) -> Sequence[Mail]:
        """See the port."""
        with self._shelves.lock:
            due = [each for each in self._shelves.mails.values() if each.ended_at is None and each.mail.due_at <= now]
            for each in due[:limit]:
                each.mail = replace(each.mail, due_at=until, tries=each.mail.tries + 1)
            return tuple(each.mail for each in due[:limit])

    def put_off(self, mail_id: str, *, until: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            kept = self._shelves.mails[mail_id]
            before, kept.mail = kept.mail, replace(kept.mail, due_at=until)
            return lambda: setattr(kept, "mail", before)

        self._staged.append(write)

    def done(self, mail_id: str, *, at: datetime, sent: bool, mailbox: bytes | None = None) -> None:
        """See the port."""

        def write() -> Undo:
            before = self._shelves.mails[mail_id]
            self._shelves.mails[mail_id] = KeptMail(before.mail, at, sent, mailbox)
            return lambda: self._shelves.mails.update({mail_id: before})

        self._staged.append(write)

    def sent_to(self, mailbox: bytes, *, since: datetime) -> int:
        """See the port."""
        with self._shelves.lock:
            return sum(
                each.mailbox == mailbox and each.sent and each.ended_at is not None and each.ended_at >= since
                for each in self._shelves.mails.values()
            )

    def purge(self, *, before: datetime) -> int:
        """See the port."""
        with self._shelves.lock:
            over = [
                key for key, each in self._shelves.mails.items() if each.ended_at is not None and each.ended_at < before
            ]
            for key in over:
                del self._shelves.mails[key]
            return len(over)


class MemoryAppeals:
    """See ``service.usecases.ports_step_up.Appeals``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def add(self, appeal: Appeal) -> None:
        """See the port."""

        def write() -> Undo:
            self._shelves.appeals.append(appeal)
            return self._shelves.appeals.pop

        self._staged.append(write)

    def of_record(self, record_id: str) -> Sequence[Appeal]:
        """See the port."""
        with self._shelves.lock:
            return tuple(each for each in self._shelves.appeals if each.record_id == record_id)


class MemoryPassRates:
    """See ``service.usecases.ports_step_up.PassRates``."""

    def __init__(self, shelves: Shelves, staged: list[Write]) -> None:
        self._shelves = shelves
        self._staged = staged

    def put(self, rates: Sequence[PassRate], *, at: datetime) -> None:
        """See the port."""

        def write() -> Undo:
            before = self._shelves.pass_rates
            ordered = sorted(rates, key=lambda each: (each.method.value, each.side.value == "fraud", each.group))
            self._shelves.pass_rates = (at, tuple(ordered))
            return lambda: setattr(self._shelves, "pass_rates", before)

        self._staged.append(write)

    def all(self) -> Sequence[PassRate]:
        """See the port."""
        return self._shelves.pass_rates[1]

    def estimated_at(self) -> datetime | None:
        """See the port."""
        return self._shelves.pass_rates[0]
