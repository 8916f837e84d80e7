"""Reasons: stable codes with a sentence each, and which features speak for which code.

Several features may say the same thing about a person (a device seen in a day, in a month, with many mailboxes): their
contributions add up to one reason, and because contributions are additive log-odds the sum is exact.

Long because it is one table: each code stands beside its sentences and its features, and is read against the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.features.catalogue import FEATURES, Vector
from models.features.feature import Direction, Group

RAISING_SHOWN = 5
LOWERING_SHOWN = 3

NOTICEABLE = 0.05
"""Log-odds below which a contribution is no reason: it moves the odds by less than 5 %."""


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """One reason.

    Attributes:
        code: stable, for machines.
        group: the group of evidence.
        raises: the sentence when it raises the risk.
        lowers: the sentence when it lowers it.
        features: the names of the features that speak for it.
        unknown: the sentence when what weighs most is missing; a reason whose features never are has none.
        facts: of features that say less, or something else, than the whole: the sentence when it is so, ``None`` where
            that of the whole will do, and the sentence when it is not.
    """

    code: str
    group: Group
    raises: str
    lowers: str
    features: tuple[str, ...]
    unknown: str = ""
    facts: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WeighedReason:
    """A reason with its weight for one sign-up, in log-odds."""

    code: str
    group: str
    text: str
    contribution: float


REASONS: tuple[ReasonCode, ...] = (
    ReasonCode(
        "NAME_UNUSUAL",
        Group.IDENTITY,
        "The letters of the name do not read like a name in its script, or imitate another script.",
        "The name reads like a name in its script.",
        ("name_surprise", "name_mixed_script"),
        unknown="Whether the name reads like a name is not known: there is no model of its script.",
    ),
    ReasonCode(
        "INSTITUTION_UNLISTED",
        Group.IDENTITY,
        "The claimed institution is on no list of schools and universities, or none was claimed.",
        "The claimed institution is a listed school or university.",
        ("institution_on_list",),
        unknown="No institution was named.",
    ),
    ReasonCode(
        "ACADEMIC_RECORD",
        Group.IDENTITY,
        "The academic record offered (ORCID iD, website) does not hold.",
        "An ORCID iD or an academic website supports the story.",
        ("orcid_valid", "website_academic"),
        unknown="No ORCID iD or website was given.",
    ),
    ReasonCode(
        "AGE_UNLIKELY",
        Group.IDENTITY,
        "The year of birth is unusual for the role.",
        "The year of birth fits the role.",
        ("age_role_gap_years",),
        unknown="The year of birth or the role was not given.",
    ),
    ReasonCode(
        "ACCOUNT_TYPE",
        Group.IDENTITY,
        "Accounts of this type are abused more often.",
        "Accounts of this type are abused less often.",
        ("account_is_research",),
    ),
    ReasonCode(
        "MAIL_NOT_ACADEMIC",
        Group.EMAIL,
        "The mailbox is not at a school or university.",
        "The mailbox is at a school or university.",
        ("email_academic",),
    ),
    ReasonCode(
        "MAIL_KIND",
        Group.EMAIL,
        "Mailboxes of this kind (free, forwarded or at a domain of its own) are abused more often.",
        "Mailboxes of this kind (free, forwarded or at a domain of its own) are abused less often.",
        ("email_free", "email_relay"),
    ),
    ReasonCode(
        "MAIL_DISPOSABLE",
        Group.EMAIL,
        "The mailbox belongs to a throw-away provider.",
        "The mailbox does not belong to a throw-away provider.",
        ("email_disposable",),
    ),
    ReasonCode(
        "MAILBOX_NAME",
        Group.EMAIL,
        "The mailbox's name does not go with the person's, or reads as if it was made up.",
        "The mailbox's name goes with the person's.",
        ("email_name_match", "email_local_surprise", "email_digit_share"),
        unknown="Whether the mailbox's name goes with the person's cannot be told: it is a number, or too short.",
    ),
    ReasonCode(
        "MAILBOX_DISGUISED",
        Group.EMAIL,
        "The mailbox is written with dots or tags that its provider ignores.",
        "The mailbox is written plainly.",
        ("email_folding",),
    ),
    ReasonCode(
        "MAIL_DOMAIN_UNUSUAL",
        Group.EMAIL,
        "The name of the mail domain reads unlike others.",
        "The name of the mail domain reads like others.",
        ("email_domain_surprise",),
        unknown="Whether the mail domain reads like others cannot be told: its name has no letters.",
    ),
    ReasonCode(
        "MAIL_OPEN_ENROLMENT",
        Group.EMAIL,
        "The institution gives mailboxes before admission.",
        "The institution gives mailboxes to those it has admitted.",
        ("email_open_enrolment",),
        unknown="Whether mailboxes are given before admission is not known: the mail domain is no listed school's.",
    ),
    ReasonCode(
        "PHONE_UNUSABLE",
        Group.PHONE,
        "The telephone number does not exist, is not tied to a handset, or was not given.",
        "The telephone number exists in its country's numbering plan.",
        ("phone_valid", "phone_virtual"),
        unknown="No telephone number was given, or its numbering plan does not tell what kind it is.",
    ),
    ReasonCode(
        "PHONE_SHARED",
        Group.LINKAGE,
        "Earlier sign-ups used the same telephone number or its neighbours.",
        "The telephone number was not seen before.",
        ("phone_signups_365d", "phone_block_signups_24h"),
        unknown="Whether others used the telephone number is not known: no valid one was given.",
    ),
    ReasonCode(
        "PAYMENT_KIND",
        Group.PAYMENT,
        "The payment instrument is of a kind that is often abused: prepaid, virtual or none.",
        "The payment instrument is of an ordinary kind.",
        ("payment_absent", "payment_prepaid", "payment_virtual_bin"),
        unknown="What kind of card it is was not sent.",
    ),
    ReasonCode(
        "PAYMENT_CHECKS",
        Group.PAYMENT,
        "Card checks failed, or several attempts did.",
        "The card's checks passed.",
        ("payment_failed_attempts", "payment_cvc_failed", "payment_postal_failed", "payment_3ds"),
        unknown="What came of card checks was not sent.",
    ),
    ReasonCode(
        "PAYMENT_NAME",
        Group.PAYMENT,
        "The name on the card is another than the person's.",
        "The name on the card is the person's.",
        ("payment_name_match",),
        unknown="The name on the card was not sent.",
    ),
    ReasonCode(
        "PAYMENT_SHARED",
        Group.LINKAGE,
        "Earlier sign-ups used the same payment instrument, or cards like it under the same name.",
        "The payment instrument was not seen before.",
        (
            "payment_signups_7d",
            "payment_names_365d",
            "cardholder_bin_signups_30d",
            "cardholder_bin_cards_30d",
        ),
        unknown="Whether others used the payment instrument is not known: nothing to tell it by was sent.",
    ),
    ReasonCode(
        "DEVICE_AUTOMATED",
        Group.DEVICE,
        "The browser is driven by a program, or looks as if it were.",
        "The browser shows no sign of being driven by a program.",
        ("device_webdriver", "ua_automation"),
        unknown="Whether a program drives the browser was not measured.",
    ),
    ReasonCode(
        "DEVICE_INCONSISTENT",
        Group.DEVICE,
        "What the browser says of itself does not fit together, or is out of date.",
        "What the browser says of itself fits together.",
        ("ua_platform_conflict", "ja4_ua_conflict", "screen_odd", "ua_version_lag", "language_missing"),
        unknown="Too little was sent of the browser to see whether it fits together.",
    ),
    ReasonCode(
        "DEVICE_UNKNOWN",
        Group.DEVICE,
        "Sign-ups that give, or withhold, a device id as this one does are abused more often.",
        "Sign-ups that give, or withhold, a device id as this one does are abused less often.",
        ("device_id_missing",),
    ),
    ReasonCode(
        "DEVICE_SHARED",
        Group.LINKAGE,
        "Earlier sign-ups used the same device.",
        "The device was not seen before.",
        ("device_signups_24h", "device_signups_30d", "device_mailboxes_30d"),
        unknown="Whether others used the device is not known: it has no id.",
    ),
    ReasonCode(
        "NETWORK_KIND",
        Group.NETWORK,
        "The connection is of a kind that is abused more often, such as a data centre, an anonymiser or a rented exit.",
        "The connection is of a kind that is abused less often, such as a home or a university.",
        ("ip_hosting", "ip_anonymiser", "ip_residential_proxy", "ip_academic", "ip_mobile"),
        unknown="What kind of connection it is, is not known.",
        facts={
            "ip_academic": (
                "The connection is that of a school or university.",
                "The connection is not that of a school or university.",
            )
        },
    ),
    ReasonCode(
        "ADDRESS_BUSY",
        Group.LINKAGE,
        "Many earlier sign-ups came from the same address or its neighbours, or claimed many institutions there.",
        "Few earlier sign-ups came from the same address.",
        ("ip_signups_1h", "ip_signups_24h", "ip_institutions_24h", "prefix_signups_1h"),
    ),
    ReasonCode(
        "FORM_BEHAVIOUR",
        Group.BEHAVIOUR,
        "The form was reached or filled in (speed, keystrokes, pasting) as fraud does more often.",
        "The form was reached or filled in (speed, keystrokes, pasting) as people do.",
        ("form_haste", "keystroke_shortfall", "keystroke_rate", "pasted_identity", "referrer_missing"),
        unknown="How the form was filled in was not measured.",
    ),
    ReasonCode(
        "CAPTCHA_FAILED",
        Group.BEHAVIOUR,
        "The caller's CAPTCHA failed.",
        "The caller's CAPTCHA passed, or there was none.",
        ("captcha_failed",),
        unknown="There was no CAPTCHA.",
    ),
    ReasonCode(
        "STATED_USE_REPEATED",
        Group.LINKAGE,
        "Earlier sign-ups from other institutions described their use in nearly the same words.",
        "The stated use is in nobody else's words.",
        ("use_text_neighbours_30d",),
        unknown="What the account is for was not described, or in a few words only.",
    ),
    ReasonCode(
        "MAILBOX_REUSED",
        Group.LINKAGE,
        "Earlier sign-ups end in the same mailbox once dots, tags and aliases are folded.",
        "The mailbox was not seen before.",
        ("mailbox_signups_365d",),
    ),
    ReasonCode(
        "PERSON_REPEATED",
        Group.LINKAGE,
        "Earlier sign-ups gave the same name and year of birth, or the same ORCID iD.",
        "The person was not seen before.",
        ("name_birth_signups_30d", "orcid_signups_365d"),
        unknown="Whether the person signed up before is not known: no year of birth or ORCID iD was given.",
    ),
    ReasonCode(
        "MANY_ALIKE",
        Group.LINKAGE,
        "Many sign-ups alike in browser and network, or in the pattern of their mailboxes, came shortly before.",
        "Few sign-ups like it came shortly before.",
        ("profile_network_signups_24h", "profile_network_addresses_24h", "email_pattern_signups_24h"),
        unknown="Whether others are alike in browser and network is not known: too little was sent of the browser.",
    ),
    ReasonCode(
        "BURST",
        Group.LINKAGE,
        "More sign-ups share its network, mail domain, institution or card range than in all the weeks before.",
        "No more sign-ups than usual share its network, mail domain, institution or card range.",
        (
            "prefix_burst_1h",
            "profile_network_burst_24h",
            "email_pattern_burst_24h",
            "email_domain_burst_24h",
            "institution_burst_24h",
            "bin_burst_24h",
            "bin_country_burst_24h",
            "form_language_burst_24h",
        ),
        unknown="Whether more sign-ups than usual are like it is not known: there is no past to compare with.",
    ),
    ReasonCode(
        "ODD_TOGETHER",
        Group.LINKAGE,
        "Sign-ups shortly before it on the same network or card range are odd in the same way.",
        "No sign-up shortly before it is odd in the same way.",
        ("sync_anomaly_24h",),
    ),
    ReasonCode(
        "MAILBOXES_NUMBERED",
        Group.LINKAGE,
        "Earlier sign-ups came from mailboxes with neighbouring numbers.",
        "No earlier sign-up came from a mailbox with a neighbouring number.",
        ("email_sequence_7d",),
        unknown="The mailbox has no number.",
    ),
    ReasonCode(
        "MAIL_DOMAIN_NEW",
        Group.LINKAGE,
        "The mail domain was first seen recently, or never before.",
        "The mail domain has been seen for a long time.",
        ("email_domain_age_days",),
    ),
    ReasonCode(
        "SPONSOR",
        Group.IDENTITY,
        "The sponsor named is at no listed institution.",
        "The sponsor named is at a listed institution.",
        ("sponsor_supports", "sponsor_good_accounts"),
        unknown="No sponsor was named.",
        facts={
            "sponsor_good_accounts": (
                "Others who named this sponsor are known to be good.",
                "Nobody who named this sponsor is known to be good yet.",
            )
        },
    ),
    ReasonCode(
        "VOUCHED_TOGETHER",
        Group.LINKAGE,
        "Earlier sign-ups named the same sponsor or were invited by the same account.",
        "The sponsor or inviter has vouched for few others.",
        ("sponsor_signups_90d", "inviter_signups_7d"),
        unknown="Nobody was named as sponsor or inviter.",
    ),
    ReasonCode(
        "IDENTIFIERS_REUSED",
        Group.LINKAGE,
        "Several of its identifiers were seen on earlier sign-ups, or under other account types.",
        "Its identifiers are new.",
        ("strong_identifiers_seen", "identifier_account_types"),
    ),
    ReasonCode(
        "BANS_NEAR",
        Group.LINKAGE,
        "Accounts that share its identifiers turned out to be fraudulent, or the account that invited it brought such.",
        "No account that shares its identifiers is known to be fraudulent.",
        ("strong_fraud_count", "replacement_pressure", "inviter_fraud_count"),
        unknown="Nobody was named as inviter.",
    ),
    ReasonCode(
        "PROOFS_FAILED_NEAR",
        Group.LINKAGE,
        "People who share its identifiers, browser and network or card range failed proofs they were asked for.",
        "Few who share its identifiers, browser and network or card range failed a proof, or none.",
        ("neighbour_challenge_fail_share", "network_challenge_fail_share"),
        unknown="Nobody who shares its identifiers, browser and network or card range was asked for a proof lately.",
    ),
    ReasonCode(
        "PLACE_OF_FRAUD",
        Group.LINKAGE,
        "Of the accounts from its address range, mail domain or card range many turned out to be fraudulent.",
        "Few accounts from its address range, mail domain or card range are known to be fraudulent, or none.",
        ("prefix_fraud_share_90d", "domain_fraud_share_180d", "bin_fraud_share_90d", "domain_good_accounts_180d"),
        unknown="Nothing is known of accounts from its address range, mail domain or card range.",
        facts={
            "domain_good_accounts_180d": (
                "Accounts at its mail domain are known to be good.",
                "No account at its mail domain is known to be good yet.",
            )
        },
    ),
    ReasonCode(
        "CLUSTER",
        Group.LINKAGE,
        "Its identifiers tie it to a group of accounts that is large, grows fast, or that it would unite with others.",
        "Its identifiers tie it to no group of accounts, or to a small one.",
        (
            "cluster_size",
            "cluster_growth_1h",
            "cluster_growth_24h",
            "cluster_age_days",
            "attachment_edges",
            "clusters_united",
            "shared_identifiers",
        ),
        unknown="Its identifiers tie it to no group of accounts.",
    ),
    ReasonCode(
        "CLUSTER_OF_FRAUD",
        Group.LINKAGE,
        "Members of the group of accounts that it is tied to are known to be fraudulent.",
        "Few members of a group of accounts that it is tied to are known to be fraudulent, or none.",
        ("cluster_fraud_count", "cluster_fraud_share", "cluster_ban_recency"),
        unknown="Its identifiers tie it to no group of accounts of whom anything is known.",
    ),
    ReasonCode(
        "CLUSTER_UNLIKELY",
        Group.LINKAGE,
        "The group of accounts that it is tied to is made up as groups of people are not: networks, devices, names.",
        "The group of accounts that it is tied to is made up as a laboratory or a family is.",
        (
            "cluster_networks_per_member",
            "cluster_domains_per_member",
            "cluster_devices_per_member",
            "cluster_cards_per_member",
            "cluster_names_per_member",
            "cluster_pattern_share",
            "cluster_institution_entropy",
        ),
        unknown="Its identifiers tie it to no group of accounts of three or more.",
    ),
    ReasonCode(
        "COUNTRIES_DIFFER",
        Group.CONSISTENCY,
        "Countries, time zone or language do not fit together.",
        "Countries, time zone and language fit together.",
        ("country_spread", "timezone_ip_gap_h", "language_gap", "issuer_billing_conflict"),
        unknown="Too few countries, time zones and languages are known to compare.",
    ),
    ReasonCode(
        "INSTITUTION_UNPROVEN",
        Group.CONSISTENCY,
        "Little that is independent (mailbox, connection, ORCID iD, card, website) supports the story.",
        "Something independent (mailbox, connection, ORCID iD, card, website) supports the story.",
        (
            "institution_free_mail",
            "institution_email_conflict",
            "institution_network_match",
            "support_groups",
        ),
        unknown="No institution was named that mailbox and connection could speak for.",
        facts={
            "institution_free_mail": (
                "A listed institution is claimed from a free or throw-away mailbox.",
                "No listed institution is claimed from a free or throw-away mailbox.",
            ),
            "institution_email_conflict": (
                "The academic mailbox is of another institution than the one claimed.",
                "The academic mailbox is of the institution claimed.",
            ),
            "institution_network_match": (
                "The connection is that of the institution claimed.",
                "The connection is not that of the institution claimed.",
            ),
            "support_groups": (
                None,
                "Nothing independent (mailbox, connection, ORCID iD, card, website) supports the story.",
            ),
        },
    ),
    ReasonCode(
        "LITTLE_TOLD",
        Group.CONSISTENCY,
        "Many of the optional details are missing.",
        "Most of the optional details were given.",
        ("fields_missing",),
    ),
)

_REASON_AT = {name: place for place, reason in enumerate(REASONS) for name in reason.features}
_REASON_OF_COLUMN = tuple(_REASON_AT[feature.name] for feature in FEATURES)
_COLUMNS_OF_REASON = tuple(
    tuple(column for column, place in enumerate(_REASON_OF_COLUMN) if place == reason) for reason in range(len(REASONS))
)


def strongest_reasons(
    contributions: Sequence[float], vector: Vector, *, raising: int = RAISING_SHOWN, lowering: int = LOWERING_SHOWN
) -> tuple[WeighedReason, ...]:
    """The reasons that weigh most: those that raise the risk first, then those that lower it.

    Args:
        contributions: log-odds by feature, in the order of the catalogue.
        vector: the features themselves: what is missing is told as missing, never as its opposite.
        raising: how many at most that raise the risk.
        lowering: how many at most that lower it.
    """
    weights = [0.0] * len(REASONS)
    for place, contribution in zip(_REASON_OF_COLUMN, contributions, strict=True):
        weights[place] += contribution
    ranked = sorted(range(len(REASONS)), key=lambda place: -weights[place])
    up = [place for place in ranked if weights[place] >= NOTICEABLE][:raising]
    down = [place for place in reversed(ranked) if weights[place] <= -NOTICEABLE][:lowering]
    return tuple(_weighed(place, weights[place], contributions, vector) for place in (*up, *down))


def _weighed(place: int, weight: float, contributions: Sequence[float], vector: Vector) -> WeighedReason:
    reason = REASONS[place]
    sign = 1 if weight > 0 else -1
    # The sentence is that of the feature which weighs most in the direction of the whole.
    columns = _COLUMNS_OF_REASON[place]
    heaviest = max(columns, key=lambda column: sign * contributions[column])
    return WeighedReason(reason.code, reason.group.value, _sentence(reason, weight, heaviest, vector), weight)


def _sentence(reason: ReasonCode, weight: float, column: int, vector: Vector) -> str:
    """What is told: only what is so. A count of nothing that weighs against somebody does not mean its opposite."""
    value, feature = vector[column], FEATURES[column]
    if math.isnan(value):
        return reason.unknown
    is_so, is_not = reason.facts.get(feature.name, (None, None))
    told = is_so if value else is_not
    if told is not None:
        return told
    nothing_there = value == 0 and feature.direction is Direction.RAISES
    return reason.raises if weight > 0 and not nothing_there else reason.lowers
