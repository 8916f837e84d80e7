"""Client builds: which facts a sign-up form sends is a property of the client, never of the person."""

from __future__ import annotations

from dataclasses import dataclass

from models.simulation.streams import Weighted


@dataclass(frozen=True, slots=True)
class Build:
    """One client in use. What it does not send is missing for everybody who comes through it."""

    name: str
    share: float
    phone_app: bool = False
    asks_phone: bool = True
    asks_payment: bool = True
    asks_cardholder: bool = True
    asks_network_provider: bool = True
    sends_device_id: bool = True
    sends_user_agent: bool = True
    sends_language: bool = True
    sends_timezone: bool = True
    sends_screen: bool = True
    sends_platform: bool = True
    sends_ja4: bool = True
    sends_webdriver: bool = True
    sends_card_checks: bool = True
    sends_prior_checks: bool = True
    measures_form: bool = True
    measures_paste: bool = True
    measures_keys: bool = True


BUILDS: tuple[Build, ...] = (
    Build("web-8.2", 0.30),
    Build("web-8.1", 0.14, measures_keys=False),
    Build("web-8.0", 0.08, sends_ja4=False),
    Build("web-7", 0.08, sends_webdriver=False, asks_network_provider=False),
    Build("web-lite", 0.06, measures_form=False, sends_screen=False),
    Build("campus-portal", 0.09, asks_payment=False, sends_ja4=False, asks_phone=False),
    Build("course-platform", 0.05, asks_payment=False, measures_paste=False, sends_device_id=False),
    Build("partner-form", 0.04, measures_form=False, sends_platform=False, sends_prior_checks=False, sends_ja4=False),
    Build("app-a-3", 0.06, sends_webdriver=False, sends_platform=False, measures_paste=False),
    Build("app-i-3", 0.05, sends_webdriver=False, sends_ja4=False, asks_cardholder=False),
    Build("web-privacy", 0.03, sends_device_id=False, sends_screen=False, measures_keys=False, sends_ja4=False),
    Build("web-beta", 0.02, sends_card_checks=False),
)

BUILD_BY_SHARE = Weighted(BUILDS, [build.share for build in BUILDS])
"""The builds in the proportions in which sign-ups come through them."""
