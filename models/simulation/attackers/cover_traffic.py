"""A15: cover traffic, a hydra that moves only while honest crowds do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from models.simulation.attackers.campaign import Campaign
from models.simulation.draft import Draft
from models.simulation.form import Manner
from models.simulation.people import STUDENTS_WITH_CAMPUS_MAIL

_SECONDS_IN_A_CROWD, _SECONDS_AT_AN_EVENT = 75.0, 2_400.0
_NOTICES_AN_EVENT = 0.01
_MINUTES_BETWEEN_LOOKS = 8.0
_AHEAD_OF_PLAN = 5.0


class CoverTraffic(Campaign):
    """Opens accounts while a class or a residence signs up, some through its own addresses, or during an event."""

    family: ClassVar[str] = "A15"
    share: ClassVar[float] = 0.03
    accounts: ClassVar[tuple[int, int]] = (200, 2000)
    days: ClassVar[tuple[float, float]] = (5.0, 30.0)
    habits = replace(STUDENTS_WITH_CAMPUS_MAIL, campus_mail=0.0, campus_network=0.0)

    def prepare(self) -> None:
        self.machines = self.more(2, 8, self.machine)
        self.cards = self.more(2, 8, self.card)
        self.phones = self.more(1, 4, self.phone)
        self.hears_of = self.rng.uniform(0.1, 0.4)
        self.watched: dict[str, bool] = {}
        self.at_event = False
        self.through_campus = self.rng.uniform(0.10, 0.25)

    def waits(self, now: datetime) -> bool:
        """No crowd, or more than the plan for today: look again in some minutes."""
        opened = self.brief.accounts - self.left
        planned = self.brief.accounts * (now - self.brief.start) / timedelta(days=self.brief.days) * 1.6
        crowded = self.crowd(now) is not None or (self.at_event and self.brief.calendar.rush(now))
        if crowded and opened < planned + _AHEAD_OF_PLAN:
            return False
        # An event lasts two days: nobody notices it in its first minute, or hurries.
        self.at_event = self.rng.random() < _NOTICES_AN_EVENT
        self.put_off(now + timedelta(minutes=self.rng.expovariate(1 / _MINUTES_BETWEEN_LOOKS)))
        return True

    def crowd(self, now: datetime) -> Draft | None:
        """Somebody of a crowd that is signing up right now."""
        return self.people.neighbourhood.crowd(now, self.rng.random(), self.watches)

    def watches(self, group: str) -> bool:
        """Whether the operator knows the timetable of that class or residence; most it never hears of."""
        if group not in self.watched:
            self.watched[group] = self.rng.random() < self.hears_of
        return self.watched[group]

    def dress(self, draft: Draft) -> Manner:
        rng, now = self.rng, self.now
        crowd = self.crowd(now)
        pause = _SECONDS_IN_A_CROWD if crowd is not None else _SECONDS_AT_AN_EVENT
        self.put_off(now + timedelta(seconds=rng.expovariate(1 / pause)))
        self.equip(draft)
        self.use_webmail(draft)
        if crowd is not None and crowd.school is not None:
            if draft.institution_name is not None:
                self.people.claim(draft, crowd.school, self.habits)
            if rng.random() < self.through_campus:
                draft.ip, draft.use, draft.timezone = crowd.ip, crowd.use, crowd.timezone
        return self.manual_or_sheet(draft)
