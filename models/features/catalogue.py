"""The feature catalogue: every number the risk model reads, in the order in which it reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.features import (
    behaviour,
    bursts,
    clusters,
    consistency,
    device,
    email,
    identity,
    known,
    linkage,
    network,
    payment,
    phone,
)
from models.features.facts import Facts
from models.features.feature import Direction, Feature, FeatureFunction, Group

Vector = NDArray[np.float32]


def _features(group: Group, *directed: tuple[Direction, FeatureFunction]) -> tuple[Feature, ...]:
    return tuple(Feature(function, group, direction) for direction, function in directed)


_LOWERS, _FREE, _RAISES = Direction.LOWERS, Direction.FREE, Direction.RAISES

FEATURES: tuple[Feature, ...] = (
    *_features(
        Group.IDENTITY,
        (_RAISES, identity.name_surprise),
        (_RAISES, identity.name_mixed_script),
        (_LOWERS, identity.institution_on_list),
        (_LOWERS, identity.orcid_valid),
        (_LOWERS, identity.website_academic),
        (_RAISES, identity.age_role_gap_years),
        (_FREE, identity.account_is_research),
        (_LOWERS, identity.sponsor_supports),
    ),
    *_features(
        Group.EMAIL,
        (_LOWERS, email.email_academic),
        (_RAISES, email.email_disposable),
        (_FREE, email.email_free),
        (_FREE, email.email_relay),
        (_LOWERS, email.email_name_match),
        (_RAISES, email.email_folding),
        (_FREE, email.email_digit_share),
        (_RAISES, email.email_local_surprise),
        (_RAISES, email.email_domain_surprise),
        (_RAISES, email.email_open_enrolment),
    ),
    *_features(
        Group.PHONE,
        (_LOWERS, phone.phone_valid),
        (_RAISES, phone.phone_virtual),
    ),
    *_features(
        Group.PAYMENT,
        (_FREE, payment.payment_absent),
        (_RAISES, payment.payment_prepaid),
        (_RAISES, payment.payment_virtual_bin),
        (_RAISES, payment.payment_failed_attempts),
        (_RAISES, payment.payment_cvc_failed),
        (_RAISES, payment.payment_postal_failed),
        (_LOWERS, payment.payment_3ds),
        (_LOWERS, payment.payment_name_match),
    ),
    *_features(
        Group.DEVICE,
        (_RAISES, device.device_webdriver),
        (_FREE, device.device_id_missing),
        (_RAISES, device.ua_automation),
        (_RAISES, device.ua_platform_conflict),
        (_FREE, device.ua_version_lag),
        (_RAISES, device.screen_odd),
        (_RAISES, device.ja4_ua_conflict),
        (_RAISES, device.language_missing),
    ),
    *_features(
        Group.NETWORK,
        (_RAISES, network.ip_hosting),
        (_RAISES, network.ip_anonymiser),
        (_LOWERS, network.ip_academic),
        (_FREE, network.ip_mobile),
        (_RAISES, network.ip_residential_proxy),
    ),
    *_features(
        Group.BEHAVIOUR,
        (_RAISES, behaviour.form_haste),
        (_RAISES, behaviour.keystroke_shortfall),
        (_FREE, behaviour.keystroke_rate),
        (_RAISES, behaviour.pasted_identity),
        (_FREE, behaviour.referrer_missing),
        (_RAISES, behaviour.captcha_failed),
    ),
    *_features(
        Group.LINKAGE,
        (_RAISES, linkage.device_signups_24h),
        (_RAISES, linkage.device_signups_30d),
        (_RAISES, linkage.device_mailboxes_30d),
        (_RAISES, linkage.payment_signups_7d),
        (_RAISES, linkage.payment_names_365d),
        (_RAISES, linkage.phone_signups_365d),
        (_RAISES, linkage.phone_block_signups_24h),
        (_RAISES, linkage.orcid_signups_365d),
        (_RAISES, linkage.ip_signups_1h),
        (_RAISES, linkage.ip_signups_24h),
        (_RAISES, linkage.ip_institutions_24h),
        (_RAISES, linkage.prefix_signups_1h),
        (_RAISES, linkage.mailbox_signups_365d),
        (_RAISES, linkage.name_birth_signups_30d),
        (_RAISES, linkage.cardholder_bin_signups_30d),
        (_RAISES, linkage.cardholder_bin_cards_30d),
        (_RAISES, linkage.profile_network_signups_24h),
        (_RAISES, linkage.profile_network_addresses_24h),
        (_RAISES, linkage.email_pattern_signups_24h),
        (_RAISES, linkage.sponsor_signups_90d),
        (_RAISES, linkage.inviter_signups_7d),
        (_RAISES, linkage.use_text_neighbours_30d),
        (_RAISES, linkage.strong_identifiers_seen),
        (_RAISES, linkage.identifier_account_types),
        (_LOWERS, linkage.email_domain_age_days),
        (_RAISES, linkage.email_sequence_7d),
        (_RAISES, bursts.prefix_burst_1h),
        (_RAISES, bursts.profile_network_burst_24h),
        (_RAISES, bursts.email_pattern_burst_24h),
        (_RAISES, bursts.email_domain_burst_24h),
        (_RAISES, bursts.institution_burst_24h),
        (_RAISES, bursts.bin_burst_24h),
        (_RAISES, linkage.sync_anomaly_24h),
    ),
    *_features(
        Group.CONSISTENCY,
        (_RAISES, consistency.country_spread),
        (_RAISES, consistency.timezone_ip_gap_h),
        (_RAISES, consistency.language_gap),
        (_RAISES, consistency.institution_free_mail),
        (_RAISES, consistency.institution_email_conflict),
        (_RAISES, consistency.issuer_billing_conflict),
        (_LOWERS, consistency.institution_network_match),
        (_LOWERS, consistency.support_groups),
        (_FREE, consistency.fields_missing),
    ),
    *_features(
        Group.LINKAGE,
        (_RAISES, bursts.bin_country_burst_24h),
        (_RAISES, bursts.form_language_burst_24h),
        (_RAISES, known.strong_fraud_count),
        (_RAISES, known.replacement_pressure),
        (_RAISES, known.neighbour_challenge_fail_share),
        (_RAISES, known.network_challenge_fail_share),
        (_RAISES, known.prefix_fraud_share_90d),
        (_RAISES, known.domain_fraud_share_180d),
        (_RAISES, known.bin_fraud_share_90d),
        (_LOWERS, known.domain_good_accounts_180d),
        (_RAISES, known.inviter_fraud_count),
        (_LOWERS, known.sponsor_good_accounts),
        (_RAISES, clusters.cluster_size),
        (_RAISES, clusters.cluster_growth_1h),
        (_RAISES, clusters.cluster_growth_24h),
        (_RAISES, clusters.cluster_fraud_count),
        (_RAISES, clusters.cluster_fraud_share),
        (_RAISES, clusters.cluster_ban_recency),
        (_FREE, clusters.cluster_age_days),
        (_RAISES, clusters.attachment_edges),
        (_RAISES, clusters.clusters_united),
        (_FREE, clusters.shared_identifiers),
        (_RAISES, clusters.cluster_networks_per_member),
        (_FREE, clusters.cluster_domains_per_member),
        (_FREE, clusters.cluster_devices_per_member),
        (_FREE, clusters.cluster_cards_per_member),
        (_FREE, clusters.cluster_names_per_member),
        (_RAISES, clusters.cluster_pattern_share),
        (_RAISES, clusters.cluster_institution_entropy),
    ),
)

_FUNCTIONS = tuple(feature.function for feature in FEATURES)


def vector_of(facts: Facts) -> Vector:
    """The feature vector, shape ``(len(FEATURES),)``, float32; missing is NaN."""
    # NumPy reads None as NaN.
    return np.array([function(facts) for function in _FUNCTIONS], dtype=np.float32)


def vectors_of(facts: Sequence[Facts]) -> Vector:
    """The vectors of several, a row each, as ``vector_of`` makes them; one feature after the other."""
    columns = [[function(each) for each in facts] for function in _FUNCTIONS]
    return np.ascontiguousarray(np.array(columns, dtype=np.float32).T)
