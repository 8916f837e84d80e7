"""Signals about how the form was filled in."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import field

from models.frozen import frozen
from models.reference.reference import Reference
from models.signals.personal import PERSONAL
from models.signals.stated_use import text_bands
from models.signup import Behaviour, Captcha, PriorChecks, Signup

_LONGEST_S = 86_400.0
_MOST_KEYSTROKES = 1_000_000

# The names that pages give to the same field; only the last part of a dotted path is compared.
_NAME_FIELDS = frozenset({"full_name", "fullname", "name"})
_INSTITUTION_FIELDS = frozenset(
    {"institution", "institution_name", "university", "school", "organisation", "organization"}
)
_IDENTITY_FIELDS = _NAME_FIELDS | _INSTITUTION_FIELDS
_EMAIL_FIELDS = frozenset({"email", "mail", "email_address"})
_PHONE_FIELDS = frozenset({"phone", "telephone", "phone_number"})
_PROGRAMME_FIELDS = frozenset({"programme", "program"})
_WEBSITE_FIELDS = frozenset({"website", "url"})
_ORCID_FIELDS = frozenset({"orcid"})
_USE_FIELDS = frozenset({"stated_use", "use", "purpose"})


@frozen
class BehaviourSignals:
    """How the form was filled in.

    Attributes:
        text_bands: what similar statements of use share.
        form_seconds: from the first look to sending.
        keystrokes: as measured.
        typed_characters: characters in the fields that were not pasted; ``None`` when pasting was not measured.
        pasted_fields: how many fields were pasted.
        pasted_identity: name or institution were pasted.
        referrer_given: the browser said where it came from.
        stated_use_characters: length of the statement of use.
        captcha_failed: the caller's CAPTCHA failed; ``None`` when there was none.
        email_verified: the caller verified the mailbox.
        phone_verified: the caller verified the number.
    """

    text_bands: tuple[str, ...] = field(metadata=PERSONAL)
    form_seconds: float | None
    keystrokes: int | None
    typed_characters: int | None
    pasted_fields: int | None
    pasted_identity: bool | None
    referrer_given: bool
    stated_use_characters: int | None
    captcha_failed: bool | None
    email_verified: bool | None
    phone_verified: bool | None


_NOTHING = Behaviour()
_UNCHECKED = PriorChecks()


def behaviour_signals(signup: Signup, reference: Reference) -> BehaviourSignals:  # noqa: ARG001 - all groups are alike
    """The signals of the behaviour block and of what the caller checked before."""
    behaviour = signup.behaviour or _NOTHING
    checks = signup.prior_checks or _UNCHECKED
    pasted = (
        None if behaviour.pasted_fields is None else tuple(each.strip().lower() for each in behaviour.pasted_fields)
    )
    text = behaviour.stated_use
    return BehaviourSignals(
        text_bands=text_bands(text),
        form_seconds=_bounded_seconds(behaviour.form_seconds),
        keystrokes=None if behaviour.keystrokes is None else min(max(behaviour.keystrokes, 0), _MOST_KEYSTROKES),
        typed_characters=None if pasted is None else _typed_characters(signup, pasted),
        pasted_fields=None if pasted is None else len(set(pasted)),
        pasted_identity=None if pasted is None else not _last_parts(pasted).isdisjoint(_IDENTITY_FIELDS),
        referrer_given=bool(behaviour.referrer and behaviour.referrer.strip()),
        stated_use_characters=None if text is None else len(text.strip()),
        captcha_failed=None if checks.captcha in {None, Captcha.NONE} else checks.captcha is Captcha.FAILED,
        email_verified=checks.email_verified,
        phone_verified=checks.phone_verified,
    )


def _bounded_seconds(seconds: float | None) -> float | None:
    if seconds is None or not math.isfinite(seconds):
        return None
    return min(max(float(seconds), 0.0), _LONGEST_S)


def _last_parts(pasted: Collection[str]) -> set[str]:
    return {each.rpartition(".")[2] for each in pasted}


def _typed_characters(signup: Signup, pasted: Collection[str]) -> int:
    """The length of what somebody must have typed: the free fields that were not pasted."""
    identity = signup.identity
    institution = identity.institution
    fields = (
        (_NAME_FIELDS, identity.full_name),
        (_INSTITUTION_FIELDS, None if institution is None else institution.name),
        (_EMAIL_FIELDS, signup.email),
        (_PHONE_FIELDS, signup.phone),
        (_PROGRAMME_FIELDS, identity.programme),
        (_WEBSITE_FIELDS, identity.website),
        (_ORCID_FIELDS, identity.orcid),
        (_USE_FIELDS, None if signup.behaviour is None else signup.behaviour.stated_use),
    )
    last = _last_parts(pasted)
    return sum([len(text) for names, text in fields if text and names.isdisjoint(last)])
