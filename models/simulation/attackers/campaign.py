"""Campaigns: what all operators have in common, from buying equipment to reacting to bans."""

from __future__ import annotations

import heapq
import math
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, TypeVar

from models.simulation.attackers.decks import Deck
from models.simulation.attackers.exits import ResidentialExits
from models.simulation.attackers.paces import Hours, Pace, Paced
from models.simulation.calendar import Calendar, activity_in
from models.simulation.draft import Draft
from models.simulation.form import FROM_A_SHEET, Manner, ordinary_manner
from models.simulation.mailboxes import WEBMAIL, MailStyle, mailbox
from models.simulation.people import STUDENTS_WITH_WEBMAIL, Habits, People
from models.simulation.streams import Weighted, lognormal, token
from models.simulation.tables.cards import Card, Issuer, postal_code
from models.simulation.tables.devices import Browser
from models.simulation.tables.names import PersonName
from models.simulation.tables.places import Place

T = TypeVar("T")

_WATCHED_RESULTS = 200
_ENOUGH_RESULTS = 30
_TOLERATED_FAILURES = 0.3
_MOST_ADAPTATIONS = 4
_AT_ONE_PROVIDER = 0.6
"""Merchants sell what one provider gives: 60.1 % of the stock of 27 of them was with one (Thomas and others 2013)."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What an operator is given: how many accounts to open, from when, over how long, in which world."""

    id: str
    accounts: int
    start: datetime
    days: float
    people: People
    calendar: Calendar
    number: int = 0
    """Counts the family's operators in one world; variants take turns by it."""
    variant: str | None = None


class Operator(Protocol):
    """A closed loop: opens accounts, sees what becomes of them, adapts."""

    id: str
    family: ClassVar[str]
    never_labelled: ClassVar[float]

    def next_at(self) -> datetime | None:
        """When the next account is opened; ``None`` when the operator is done."""
        ...

    def sign_up(self, now: datetime) -> tuple[Draft, Manner]:
        """The next account and how the form is filled in."""
        ...

    def waits(self, now: datetime) -> bool:
        """Whether the moment is not right after all; ``next_at`` then names another."""
        ...

    def decided(self, *, let_in: bool) -> None:
        """The answer to the account just opened."""
        ...

    def banned(self, now: datetime, account: Draft) -> None:
        """One of the operator's accounts was banned."""
        ...


@dataclass(frozen=True, slots=True)
class Machine:
    """One browser profile: an id, a browser, a TLS fingerprint."""

    device_id: str
    browser: Browser
    ja4: str


class Campaign(ABC):
    """An operator; families set the class attributes and change what makes them themselves."""

    family: ClassVar[str]
    share: ClassVar[float]
    """The family's part of all fraudulent sign-ups outside waves."""
    accounts: ClassVar[tuple[int, int]]
    days: ClassVar[tuple[float, float]]
    never_labelled: ClassVar[float] = 0.08
    habits: ClassVar[Habits] = STUDENTS_WITH_WEBMAIL
    keeps_hours: ClassVar[float] = 0.5
    """The share of operators who open an account when it is day where its owner is said to live."""
    replaces_within_hours: ClassVar[tuple[float, float] | None] = None
    """Median and 90th percentile of the delay after which a banned account is replaced."""

    def __init__(self, brief: Brief) -> None:
        self.id = brief.id
        self.brief = brief
        self.people = brief.people
        self.rng: random.Random = brief.people.rng
        self.left = brief.accounts
        self.results: deque[bool] = deque(maxlen=_WATCHED_RESULTS)
        self.adaptations = 0
        self.now = brief.start
        self.variant: str | None = None
        """What kind of its family's account the last one was, where a family has several."""
        self.live_at: datetime | None = None
        """When the last account comes into use, if not at once."""
        self.earns_trust = False
        """Whether the last account behaves so well that it is cleared."""
        self._due: list[datetime] = []
        self.to_replace: deque[Draft] = deque()
        self.replacing: Draft | None = None
        """The banned account that the next one stands in for."""
        self.countries = self._countries()
        self.hours: Hours | None = self.awake if self.rng.random() < self.keeps_hours else None
        self.pace: Paced = self._pace()
        self.exits = ResidentialExits(self.people.tables, self.people.neighbourhood, self.rng)
        self.issuers = self.pick_issuers(self.rng.randrange(3, 9))
        self.machines = Deck(self.rng, self.machine, uses=1.0)
        self.cards = Deck(self.rng, self.card, uses=1.0)
        self.phones = Deck(self.rng, self.phone, uses=1.0)
        self.mail_styles = self.pick_mail_styles(6)
        self.provider = self.people.popularity()
        self.matches_timezone = self.rng.uniform(0.85, 0.99)
        self.pays_like_others = self.rng.uniform(0.8, 1.3)
        self.prepare()
        self._next = self.pace.next_after(brief.start, self.rng)

    def prepare(self) -> None:  # noqa: B027 - a family may have nothing to buy
        """Buy the family's equipment."""

    @abstractmethod
    def dress(self, draft: Draft) -> Manner:
        """Make the draft this family's; returns how the form is filled in."""

    def adapt(self) -> None:
        """What the operator changes when too much fails: reuse first, then templates, exits and issuers."""
        choice = self.rng.randrange(3)
        if choice == 0:
            for deck in (self.machines, self.cards, self.phones):
                deck.stretch_less()
        elif choice == 1:
            self.mail_styles = self.pick_mail_styles(6)
            self.exits.move_on()
        else:
            self.issuers = self.pick_issuers(self.rng.randrange(3, 9))

    def waits(self, now: datetime) -> bool:  # noqa: ARG002 - families that wait look at the time
        """Most do not wait for anything."""
        return False

    def put_off(self, until: datetime) -> None:
        """The next account is opened then, replacements apart."""
        self._next = until

    def takedowns(self) -> tuple[datetime, ...] | None:
        """When the operator's open accounts are contained together, if the family's story fixes it."""
        return None

    @classmethod
    def size(cls, rng: random.Random) -> float:
        """How many accounts an operator of the family opens."""
        low, high = cls.accounts
        return math.exp(rng.uniform(math.log(low), math.log(high)))

    def next_at(self) -> datetime | None:
        if self.left <= 0:
            return None
        return min(self._next, self._due[0]) if self._due else self._next

    def sign_up(self, now: datetime) -> tuple[Draft, Manner]:
        if self._due and self._due[0] <= now:
            heapq.heappop(self._due)
            self.replacing = self.to_replace.popleft()
        else:
            self._next = self.pace.next_after(now, self.rng)
            self.replacing = None
        self.left -= 1
        self.now = now
        draft = self.people.person(self._country(now), self.habits, now)
        return draft, self.dress(draft)

    def decided(self, *, let_in: bool) -> None:
        self._note(failed=not let_in)

    def banned(self, now: datetime, account: Draft) -> None:
        self._note(failed=True)
        if self.replaces_within_hours is not None:
            delay = timedelta(hours=lognormal(self.rng, *self.replaces_within_hours))
            heapq.heappush(self._due, now + delay)
            self.to_replace.append(account)

    def _note(self, *, failed: bool) -> None:
        self.results.append(failed)
        if (
            len(self.results) >= _ENOUGH_RESULTS
            and sum(self.results) > _TOLERATED_FAILURES * len(self.results)
            and self.adaptations < _MOST_ADAPTATIONS
        ):
            self.adaptations += 1
            self.results.clear()
            self.adapt()

    def _countries(self) -> Weighted[Place]:
        """Two to six countries that the operator's people claim to come from."""
        rng, places = self.rng, self.people.tables.places
        drawn = [places.draw(rng) for _ in range(rng.randrange(2, 7))]
        return Weighted(drawn, [rng.uniform(0.3, 1.0) for _ in drawn])

    def _pace(self) -> Paced:
        """Evenly over the campaign."""
        return Pace(max(0.2, self.brief.accounts / max(0.02, self.brief.days)), self.hours)

    def awake(self, now: datetime) -> float:
        """How awake the people are whom the operator claims to be, all countries together."""
        return self.countries.mean(lambda place: activity_in(place, now))

    def _country(self, now: datetime) -> Place:
        """Where the next account's owner is said to live: who keeps hours takes one where it is day."""
        if self.hours is None:
            return self.countries.draw(self.rng)
        return self.countries.reweighted(lambda place: activity_in(place, now)).draw(self.rng)

    def pick_issuers(self, count: int) -> tuple[Issuer, ...]:
        """Programmes and banks whose cards the operator gets, of the tables everybody's cards come from."""
        rng, issuers = self.rng, self.people.tables.issuers
        picked = []
        for _ in range(count):
            drawn = rng.random()
            place = self.countries.draw(rng)
            if drawn < 0.3:
                picked.append(issuers.virtual.draw(rng))
            elif drawn < 0.4:
                picked.append(issuers.prepaid(place, rng))
            else:
                picked.append(issuers.ordinary(place, rng))
        return tuple(picked)

    def pick_mail_styles(self, count: int) -> tuple[MailStyle, ...]:
        """The ways of making a mailbox name that the operator's tool knows."""
        return tuple(WEBMAIL.draw(self.rng) for _ in range(count))

    def machine(self) -> Machine:
        """A new browser profile."""
        browser = self.people.browser(phone=self.rng.random() < self.habits.on_a_phone)
        return Machine(token(self.rng, 22), browser, self.people.tables.browsers.ja4(browser.stack, self.rng))

    def card(self) -> Card:
        """A new card, in the name it was bought with."""
        rng, issuer = self.rng, self.rng.choice(self.issuers)
        place = self.people.tables.place_by_code.get(issuer.country) or self.countries.draw(rng)
        holder = self.people.tables.names.draw(place, rng).latin
        postal = postal_code(place.code, rng) if rng.random() < 0.85 else None
        return Card(token(rng, 16), issuer, holder.upper() if rng.random() < 0.4 else holder, postal, place.code)

    def phone(self) -> str:
        """A new number; one in ten from an internet-telephony range."""
        place = self.countries.draw(self.rng)
        phones = self.people.tables.phones
        return phones.virtual(place, self.rng) if self.rng.random() < 0.1 else phones.mobile(place, self.rng)

    def more(self, low: float, high: float, make: Callable[[], T]) -> Deck[T]:
        """A deck whose reuse is drawn for this operator."""
        return Deck(self.rng, make, uses=self.rng.uniform(low, high), shared=self.rng.uniform(0.5, 1.0))

    def equip(self, draft: Draft) -> None:
        """Machine, card and phone each from its own deck, out of a household's address."""
        self.use_machine(draft)
        self.use_card(draft)
        self.use_phone(draft)
        self.use_residential_exit(draft)

    def use_machine(self, draft: Draft, machine: Machine | None = None) -> None:
        """Sit the account at a machine."""
        chosen = machine or self.machines.deal()
        draft.device_id, draft.browser, draft.ja4 = chosen.device_id, chosen.browser, chosen.ja4

    def use_card(self, draft: Draft, card: Card | None = None) -> None:
        """Pay with a card as often as the people imitated do."""
        if draft.card is not None or self.rng.random() < self.habits.pays_by_card * (self.pays_like_others - 0.9):
            self.people.pay(draft, card or self.cards.deal())

    def use_phone(self, draft: Draft, number: str | None = None) -> None:
        """Give a number where the people imitated give one."""
        if draft.phone is not None:
            draft.phone = number or self.phones.deal()

    def use_residential_exit(self, draft: Draft) -> None:
        """Come out of a household of the claimed country, with its time zone most of the time."""
        draft.ip, draft.use = self.exits.address(draft.place)
        if self.rng.random() >= self.matches_timezone:
            draft.timezone = self.rng.choice(self.countries.draw(self.rng).zones)

    def use_webmail(self, draft: Draft) -> None:
        """A mailbox made by one of the operator's templates, mostly at the provider its tool is made for."""
        name: PersonName = draft.name
        favourite = self.provider if self.rng.random() < _AT_ONE_PROVIDER else None
        domain = self.people.webmail_domain(draft.place, favourite)
        draft.email = mailbox(name, domain, self.rng.choice(self.mail_styles), self.rng, draft.birth_year)

    def manual_or_sheet(self, draft: Draft) -> Manner:
        """Hired hands: they type like others, or copy from a sheet."""
        return FROM_A_SHEET if self.rng.random() < 0.4 else ordinary_manner(draft, self.rng)
