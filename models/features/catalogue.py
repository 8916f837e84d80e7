"""The feature catalogue: every number the risk model reads, in the order in which it reads them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.features import linkage
from models.features.facts import Facts
from models.features.feature import Direction, Feature, FeatureFunction, Group

Vector = NDArray[np.float32]


def _features(group: Group, *directed: tuple[Direction, FeatureFunction]) -> tuple[Feature, ...]:
    return tuple(Feature(function, group, direction) for direction, function in directed)


_LOWERS, _FREE, _RAISES = Direction.LOWERS, Direction.FREE, Direction.RAISES

FEATURES: tuple[Feature, ...] = (
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
    ),
)

_FUNCTIONS = tuple(feature.function for feature in FEATURES)


def vector_of(facts: Facts) -> Vector:
    """The feature vector, shape ``(len(FEATURES),)``, float32; missing is NaN."""
    values = [function(facts) for function in _FUNCTIONS]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float32)
