"""People: how anybody in the world gets a name, a school, a mailbox, a phone, a card, a device and a connection."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from models.signup import AccountType, Captcha, CheckResult, Funding, PaymentMethod, Role, ThreeDSecure
from models.simulation.draft import Draft
from models.simulation.mailboxes import WEBMAIL, convention_of, mailbox
from models.simulation.neighbourhood import Neighbourhood
from models.simulation.streams import Weighted, token
from models.simulation.tables.cards import Card, postal_code
from models.simulation.tables.devices import Browser
from models.simulation.tables.names import PersonName
from models.simulation.tables.networks import NetworkUse, neighbouring_device
from models.simulation.tables.places import Place
from models.simulation.tables.ror import orcid
from models.simulation.tables.schools import School
from models.simulation.tables.tables import Tables
from models.simulation.texts import study_use

_PROGRAMMES = (
    "Computer Science", "Economics", "Medicine", "Law", "Psychology", "Mechanical Engineering", "Biology", "History",
    "Business Administration", "Mathematics", "Education", "Nursing", "Physics", "Chemistry", "Political Science",
    "Linguistics", "Architecture", "Data Science", "Philosophy", "Design",
)  # fmt: skip
_REFERRERS = Weighted(
    ("https://www.google.com/", "https://chat.example/education", "https://www.bing.com/", "https://github.com/",
     "https://www.reddit.com/", "https://www.linkedin.com/", "https://t.me/", "https://www.youtube.com/"),
    (0.42, 0.3, 0.05, 0.06, 0.05, 0.04, 0.03, 0.05),
)  # fmt: skip

_HIDES_DEVICE = 0.12
"""Blockers hide the device id and the TLS fingerprint; they sit on the machine, so those who share it share them."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What a population does and tells; attackers imitate one of these. Numbers are shares of its people."""

    listed_school: float = 1.0
    claims_school: float = 0.97
    campus_mail: float = 1.0
    campus_network: float = 0.45
    mobile_network: float = 0.14
    phone: float = 0.55
    pays_by_card: float = 0.52
    orcid: float = 0.06
    website: float = 0.04
    sponsor: float = 0.04
    research: float = 0.16
    programme: float = 0.62
    birth_year: float = 0.82
    ror: float = 0.14
    stated_use: float = 0.72
    referrer: float = 0.8
    invited: float = 0.05
    on_a_phone: float = 0.36


STUDENTS_WITH_CAMPUS_MAIL = Habits()
STUDENTS_WITH_WEBMAIL = Habits(
    claims_school=0.8, campus_mail=0.0, campus_network=0.2, phone=0.7, orcid=0.01, research=0.06, on_a_phone=0.45
)
STUDENTS_OF_UNLISTED_SCHOOLS = Habits(listed_school=0.0, campus_mail=0.75, campus_network=0.3, orcid=0.01, ror=0.02)
INDEPENDENTS = Habits(
    claims_school=0.0, campus_mail=0.0, campus_network=0.0, orcid=0.45, website=0.5, research=0.72, sponsor=0.08,
    programme=0.1, phone=0.6,
)  # fmt: skip


class People:
    """Makes drafts of people from the shared tables with one source's own random stream."""

    def __init__(self, tables: Tables, neighbourhood: Neighbourhood, rng: random.Random) -> None:
        self.tables = tables
        self.neighbourhood = neighbourhood
        self.rng = rng

    def person(self, place: Place, habits: Habits, now: datetime, *, school: School | None = None) -> Draft:
        """One person of that place and those habits, at home or on campus, not yet at the form."""
        rng = self.rng
        chosen = school or self.school(place, habits)
        name = self.tables.names.draw(place, rng)
        research = rng.random() < habits.research
        born = now.year - self.age(research=research)
        browser = self.browser(phone=rng.random() < habits.on_a_phone)
        claims = rng.random() < habits.claims_school
        campus_mail = claims and rng.random() < habits.campus_mail
        draft = Draft(
            place=place,
            name=name,
            birth_year=born,
            role=self.role(research=research, claims=claims),
            account_type=AccountType.RESEARCH if research else AccountType.EDUCATIONAL,
            email=self.campus_mail(name, chosen, born) if campus_mail else self.webmail(name, place, born),
            browser=browser,
            device_id=token(rng, 22),
            ja4=self.tables.browsers.ja4(browser.stack, rng),
            ip="",
            use=NetworkUse.HOME,
            language=self.language(place),
            timezone=rng.choice(place.zones),
            country=place.code if rng.random() < 0.93 else None,
        )
        draft.hides_device = rng.random() < _HIDES_DEVICE
        if claims:
            self.claim(draft, chosen, habits)
        self.tell(draft, habits)
        self.connect(draft, chosen if claims else None, habits)
        if rng.random() < habits.pays_by_card:
            self.pay(draft)
        elif rng.random() < 0.08:
            draft.method = rng.choice((PaymentMethod.WALLET, PaymentMethod.BANK_DEBIT, PaymentMethod.INVOICE))
        return draft

    def school(self, place: Place, habits: Habits) -> School:
        """A school of the country, listed or not."""
        listed = self.rng.random() < habits.listed_school
        return self.tables.schools.listed(place, self.rng) if listed else self.tables.schools.unlisted(place, self.rng)

    def age(self, *, research: bool) -> int:
        """Years: students gather at 18 to 24, researchers spread."""
        typical = self.rng.gauss(33, 8) if research else 17.5 + self.rng.expovariate(1 / 4.6)
        return int(min(82, max(16, typical)))

    def role(self, *, research: bool, claims: bool) -> Role:
        """What such a person says they are."""
        if not claims:
            return Role.INDEPENDENT if research or self.rng.random() < 0.4 else Role.STUDENT
        drawn = self.rng.random()
        if research:
            return Role.RESEARCHER if drawn < 0.6 else Role.FACULTY if drawn < 0.8 else Role.STUDENT
        return Role.STUDENT if drawn < 0.93 else Role.STAFF if drawn < 0.96 else Role.FACULTY

    def browser(self, *, phone: bool) -> Browser:
        """A browser with the frequency of real traffic."""
        browsers = self.tables.browsers
        return self.rng.choice(browsers.phones if phone else browsers.computers)

    def campus_mail(self, name: PersonName, school: School, born: int) -> str:
        """The mailbox a school gives, by its convention: names at two schools in three, student numbers at the rest."""
        return mailbox(name, school.domain, convention_of(school.domain).local, self.rng, born)

    def webmail(self, name: PersonName, place: Place, born: int) -> str:
        """A mailbox of one's own choosing."""
        rng = self.rng
        return mailbox(name, self.webmail_domain(place), WEBMAIL.draw(rng), rng, born)

    def webmail_domain(self, place: Place, popularity: int | None = None) -> str:
        """A provider of the country: one by how many use it, or that of a given rank."""
        rank = self.popularity() if popularity is None else popularity
        return place.webmail[min(rank, len(place.webmail) - 1)]

    def popularity(self) -> int:
        """The rank of somebody's provider among their country's, 0 for the most popular."""
        return int(self.rng.expovariate(1.1))

    def language(self, place: Place) -> str:
        """The Accept-Language header of somebody who lives there."""
        rng = self.rng
        own = place.languages[min(int(rng.expovariate(1.8)), len(place.languages) - 1)]
        short = own.split("-")[0]
        drawn = rng.random()
        if drawn < 0.16:
            return "en-US,en;q=0.9"
        if short == "en" or drawn < 0.3:
            return f"{own},{short};q=0.9"
        return f"{own},{short};q=0.9,en-US;q=0.8,en;q=0.7" if drawn < 0.8 else f"{own},{short};q=0.8,en;q=0.5"

    def claim(self, draft: Draft, school: School, habits: Habits) -> None:
        """Name the school in the form, some carelessly."""
        rng, name = self.rng, school.name
        drawn = rng.random()
        draft.school = school
        draft.institution_name = (
            name.lower() if drawn < 0.06 else name.replace("University", "Univ.") if drawn < 0.1 else name
        )
        draft.ror_given = rng.random() < habits.ror
        draft.programme = rng.choice(_PROGRAMMES) if rng.random() < habits.programme else None
        if rng.random() < habits.sponsor:
            sponsor = self.tables.names.draw(school.place, rng)
            draft.sponsor_email = self.campus_mail(sponsor, school, 1975)

    def tell(self, draft: Draft, habits: Habits) -> None:
        """The optional parts of the form."""
        rng, name = self.rng, draft.name
        draft.birth_year_given = rng.random() < habits.birth_year
        if rng.random() < habits.orcid:
            draft.orcid = orcid(rng, valid=rng.random() > 0.02)
        if rng.random() < habits.website:
            own = f"{name.given_key}{name.family_key}"
            draft.website = rng.choice((f"https://{own}.github.io", f"https://www.{own}.com", f"https://{own}.me"))
        if rng.random() < habits.phone:
            virtual = rng.random() < 0.02
            phones = self.tables.phones
            draft.phone = phones.virtual(draft.place, rng) if virtual else phones.mobile(draft.place, rng)
            draft.phone_verified = rng.random() < 0.62
        if rng.random() < habits.stated_use:
            research = draft.account_type is AccountType.RESEARCH
            draft.stated_use = study_use(rng, research=research, language=draft.place.languages[0])
        if rng.random() < habits.referrer:
            draft.referrer = _REFERRERS.draw(rng)
        if rng.random() < habits.invited:
            draft.invited_by = f"acct_{token(rng, 8)}"
        draft.email_verified = rng.random() < 0.94
        drawn = rng.random()
        draft.captcha = Captcha.PASSED if drawn < 0.8 else Captcha.NONE if drawn < 0.97 else Captcha.FAILED

    def connect(self, draft: Draft, school: School | None, habits: Habits) -> None:
        """Where the person is online: on campus, on a mobile carrier or at home."""
        rng, place = self.rng, draft.place
        drawn = rng.random()
        if school is not None and drawn < habits.campus_network:
            draft.ip, draft.use = rng.choice(school.campus), NetworkUse.ACADEMIC
        elif rng.random() < habits.mobile_network:
            draft.ip, draft.use = self.tables.networks.carrier(place, rng), NetworkUse.MOBILE
        else:
            self.at_home(draft)

    def at_home(self, draft: Draft) -> None:
        """A residential address of the person's country; a few homes are proxy exits without knowing it."""
        rng, place = self.rng, draft.place
        own, lives_behind_exit, which = self.tables.networks.home(place, rng), rng.random() < 0.02, rng.random()
        shared, interface = None, rng.getrandbits(64)
        if lives_behind_exit:
            shared = self.neighbourhood.exit_at_home(place, which)
        draft.ip = neighbouring_device(shared, interface) if shared else own
        draft.use = NetworkUse.HOME
        self.neighbourhood.moved_in(place, draft.ip)

    def card(self, draft: Draft) -> Card:
        """A new card of the person's country, mostly in their own name."""
        rng, place = self.rng, draft.place
        drawn = rng.random()
        issuers = self.tables.issuers
        # Where banks' cards fail abroad and many live on prepaid ones, students buy virtual dollar cards.
        virtual = 0.04 + 0.8 * place.prepaid
        if drawn < virtual:
            issuer = issuers.virtual.draw(rng)
        elif drawn < virtual + place.prepaid:
            issuer = issuers.prepaid(place, rng)
        else:
            issuer = issuers.ordinary(place, rng)
        holder = draft.name.latin
        if rng.random() < 0.09:
            relative = self.tables.names.draw(place, rng, family=draft.name.latin_family or draft.name.latin_given)
            holder = relative.latin
        postal = postal_code(place.code, rng) if rng.random() < 0.85 else None
        return Card(token(rng, 16), issuer, holder.upper() if rng.random() < 0.4 else holder, postal, place.code)

    def pay(self, draft: Draft, card: Card | None = None) -> None:
        """Enter a card, and what its processor then checks."""
        rng = self.rng
        draft.method = PaymentMethod.CARD
        draft.card = card or self.card(draft)
        draft.failed_attempts = 0 if rng.random() > 0.07 else rng.choice((1, 1, 1, 2))
        draft.cvc = _drawn(rng, ((CheckResult.PASS, 0.93), (CheckResult.UNAVAILABLE, 0.05), (CheckResult.FAIL, 0.02)))
        draft.postal_check = _drawn(
            rng,
            (
                (CheckResult.PASS, 0.70),
                (CheckResult.UNAVAILABLE, 0.19),
                (CheckResult.FAIL, 0.05),
                (CheckResult.UNCHECKED, 0.06),
            ),
        )
        supported = rng.random() < draft.place.three_d_secure and draft.card.issuer.funding is not Funding.PREPAID
        if not supported:
            draft.three_d_secure = ThreeDSecure.NOT_SUPPORTED if rng.random() < 0.6 else ThreeDSecure.UNCHECKED
            return
        drawn = rng.random()
        draft.three_d_secure = (
            ThreeDSecure.AUTHENTICATED
            if drawn < 0.85
            else ThreeDSecure.ATTEMPTED
            if drawn < 0.97
            else ThreeDSecure.FAILED
        )


def _drawn(rng: random.Random, table: tuple[tuple[CheckResult, float], ...]) -> CheckResult:
    drawn = rng.random()
    for result, share in table:
        drawn -= share
        if drawn < 0:
            return result
    return table[-1][0]
