"""The signals' document: stored in clear, so it must hold nobody's data."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import get_type_hints

from models.signals.signals import Signals
from models.signup import Institution, NetworkReport, Sponsor

CANARY = "Zanzibarcanary"


def test_no_personal_value_reaches_the_document(signals_of):
    signals = signals_of(
        identity__full_name=f"{CANARY} Qanary",
        identity__institution=Institution(name=f"{CANARY} College", ror_id="052gg0110"),
        identity__programme=CANARY,
        identity__website=f"https://{CANARY}.example",
        identity__sponsor=Sponsor(email=f"{CANARY}@ox.ac.uk"),
        email=f"{CANARY}@{CANARY}.example",
        payment__cardholder_name=CANARY,
        payment__fingerprint=CANARY,
        payment__billing_postal_code=CANARY,
        device__device_id=CANARY,
        device__user_agent=f"{CANARY}/1.0",
        device__timezone=CANARY,
        device__network=NetworkReport(provider=CANARY),
        behaviour__stated_use=f"{CANARY} wants to write many words about nothing",
        behaviour__referrer=CANARY,
        behaviour__pasted_fields=(CANARY,),
        invited_by=CANARY,
    )

    text = json.dumps(signals.as_document()).lower()
    assert CANARY.lower() not in text
    for secret in ("129.67", "7400123456", "0000000599990012", "424242", "2004", "ox.ac.uk", "jisc"):
        assert secret not in text


def test_every_text_in_the_document_comes_from_a_closed_set(signals_of):
    # A new text field must be marked personal or be added here with a reason.
    texts = {
        f"{group}.{name}"
        for group, part in signals_of().as_document().items()
        for name, value in part.items()
        if isinstance(value, str | list)
    }

    assert texts == {
        "identity.name_scripts",  # scripts of the table
        "identity.country",
        "identity.institution_country",
        "email.country",
        "email.pattern",  # w, l, # and signs
        "phone.country",
        "phone.line_type",
        "payment.method",
        "payment.issuer_country",
        "payment.billing_country",
        "device.browser",  # families of ua-parser's rules
        "device.system",
        "device.tls_engine",
        "device.languages",
        "device.time_zone_countries",
        "network.country",
        "network.kind",
    }


def test_the_document_is_plain_json_with_a_part_for_every_group(signals_of):
    document = signals_of().as_document()

    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert set(document) == set(get_type_hints(Signals))


def test_personal_fields_exist_and_are_left_out(signals_of):
    document = signals_of().as_document()
    personal = {
        (group, each.name)
        for group, kind in get_type_hints(Signals).items()
        for each in fields(kind)
        if each.metadata.get("personal")
    }

    assert ("email", "canonical") in personal
    assert not [name for group, name in personal if name in document[group]]
