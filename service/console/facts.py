"""What a person said when they signed up, and what was derived from it, as rows for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.signup import Signup
from service.console.plain_text import masked
from service.domain.decision import Assessment
from service.usecases.waterfall import FeatureShare, Waterfall

KEPT_BACK = "•••"


@dataclass(frozen=True, slots=True)
class Fact:
    """One row: what it is, its value, and whether it is personal, so that it is only shown on demand."""

    name: str
    value: str | None
    personal: bool = False


@dataclass(frozen=True, slots=True)
class SignalGroup:
    """The signals of one group, and how much the group's features moved the score."""

    name: str
    weight: float
    shares: tuple[FeatureShare, ...]
    signals: tuple[tuple[str, str], ...]


def facts_of(signup: Signup, *, clear: bool) -> list[tuple[str, list[Fact]]]:
    """The facts by what they are about; without ``clear`` the personal ones are masked."""
    identity, device, payment = signup.identity, signup.device, signup.payment
    institution, behaviour = identity.institution, signup.behaviour
    checks = signup.prior_checks

    def personal(name: str, value: str | None, mask: str | None = None) -> Fact:
        if value is None:
            return Fact(name, None, personal=True)
        return Fact(name, value if clear else mask or KEPT_BACK, personal=True)

    person = [
        personal("Name", identity.full_name, masked(identity.full_name)),
        personal("E-mail", signup.email, masked(signup.email)),
        personal("Phone", signup.phone, None if signup.phone is None else f"{signup.phone[:3]}{KEPT_BACK}"),
        personal("Born", _text(identity.birth_year)),
        Fact("Country", identity.country),
        Fact("Role", _text(identity.role)),
        Fact("Institution", None if institution is None else institution.name),
        Fact("ROR", None if institution is None else institution.ror_id),
        Fact("Programme", identity.programme),
        personal("ORCID", identity.orcid),
        personal("Website", identity.website),
        personal("Sponsor", None if identity.sponsor is None else identity.sponsor.email or identity.sponsor.orcid),
    ]
    connection = [
        personal("IP address", device.ip),
        personal("Device", device.device_id),
        Fact("Browser", device.user_agent),
        Fact("Language", device.accept_language),
        Fact("Time zone", device.timezone),
        Fact("Screen", device.screen),
        Fact("Driven by a program", _yes_no(device.webdriver)),
    ]
    paying: list[Fact] = []
    if payment is not None:
        paying = [
            Fact("Method", payment.method.value),
            personal("Fingerprint", payment.fingerprint),
            Fact("Card range", payment.bin),
            Fact("Funding", _text(payment.funding)),
            Fact("Issued in", payment.issuer_country),
            Fact("Billed to", payment.billing_country),
            personal("Cardholder", payment.cardholder_name, masked(payment.cardholder_name)),
            Fact("Failed attempts", _text(payment.failed_attempts)),
        ]
    form: list[Fact] = []
    if behaviour is not None:
        pasted = behaviour.pasted_fields
        form = [
            Fact("Time on the form", None if behaviour.form_seconds is None else f"{behaviour.form_seconds:.1f} s"),
            Fact("Keystrokes", _text(behaviour.keystrokes)),
            Fact("Pasted", None if pasted is None else ", ".join(pasted) or "nothing"),
            Fact("Came from", behaviour.referrer),
            Fact("Stated use", behaviour.stated_use),
        ]
    checked: list[Fact] = []
    if checks is not None:
        checked = [
            Fact("E-mail verified", _yes_no(checks.email_verified)),
            Fact("Phone verified", _yes_no(checks.phone_verified)),
            Fact("CAPTCHA", _text(checks.captcha)),
        ]
    custom = [Fact(name, _text(value)) for name, value in signup.custom.items()]
    sections = (
        ("Person", person),
        ("Connection", connection),
        ("Payment", paying),
        ("Form", form),
        ("Checked before", checked),
        ("The caller's own", custom),
    )
    return [(name, rows) for name, rows in sections if rows]


def signal_groups(judged: Assessment, waterfall: Waterfall | None) -> list[SignalGroup]:
    """The signals by group, those groups first that moved the score most."""
    shares = () if waterfall is None else waterfall.features
    names = list(dict.fromkeys((*judged.signals, *(each.group for each in shares))))
    groups = [_group(name, judged.signals.get(name, {}), shares) for name in names]
    return sorted(groups, key=lambda group: -group.weight)


def _group(name: str, signals: Mapping[str, object], shares: tuple[FeatureShare, ...]) -> SignalGroup:
    own = tuple(each for each in shares if each.group == name)
    return SignalGroup(
        name=name,
        weight=sum(abs(each.contribution) for each in own),
        shares=own,
        signals=tuple((key.replace("_", " "), _signal(value)) for key, value in signals.items()),
    )


def _signal(value: object) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _yes_no(value: bool | None) -> str | None:  # noqa: FBT001 - what the sign-up holds
    return None if value is None else ("yes" if value else "no")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
