"""White box: operators who have read the list of features and fake every field that costs nothing to fake."""

from __future__ import annotations

from models.signup import Captcha, CheckResult
from models.simulation.draft import Draft
from models.simulation.form import Manner, ordinary_manner
from models.simulation.people import Habits, People
from models.simulation.tables.networks import NetworkUse
from models.simulation.texts import study_use


def disguised(draft: Draft, people: People, habits: Habits) -> Manner:
    """Make everything cheap as honest people have it; device ids, phones, cards, names and history stay.

    These are what a published study of registrations found hard to fake (Ianus, CCS 2019).
    """
    rng = people.rng
    draft.webdriver = False
    if draft.browser.stack == "tool":
        draft.browser = people.browser(phone=False)
    draft.ja4 = people.tables.browsers.ja4(draft.browser.stack, rng)
    draft.language, draft.timezone = people.language(draft.place), rng.choice(draft.place.zones)
    if draft.use in {NetworkUse.HOSTING, NetworkUse.VPN}:
        draft.ip, draft.use = people.tables.networks.home(draft.place, rng), NetworkUse.HOME
    if draft.school is None or not draft.email.endswith(f"@{draft.school.domain}"):
        draft.email = people.webmail(draft.name, draft.place, draft.birth_year)
    if draft.card is not None:
        people.pay(draft, draft.card)
        draft.cvc = CheckResult.PASS if draft.cvc is CheckResult.FAIL else draft.cvc
    if draft.stated_use is not None:
        draft.stated_use = study_use(rng, research=rng.random() < habits.research, language=draft.place.languages[0])
    draft.email_verified, draft.captcha = True, Captcha.PASSED
    return ordinary_manner(draft, rng)
