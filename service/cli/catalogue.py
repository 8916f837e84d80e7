"""The names of the features that this release computes, in the order in which a model reads them."""

from __future__ import annotations

from models.features.catalogue import FEATURES

CATALOGUE = [feature.name for feature in FEATURES]
