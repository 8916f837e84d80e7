"""The use cases of policies together, as the edges take them."""

from __future__ import annotations

from dataclasses import dataclass

from service.usecases.backtest import BackTest
from service.usecases.policy_versions import PolicyVersions


@dataclass(frozen=True, slots=True)
class PolicyUseCases:
    """Versions and their back-tests."""

    versions: PolicyVersions
    backtest: BackTest
