"""Every table in one metadata: what Alembic compares the migrations with.

A module that declares tables is imported here, and nowhere else for its side effect.
"""

from __future__ import annotations

from service.storage.sql import (
    account_tables,
    attack_tables,
    case_tables,
    cluster_tables,
    containment_tables,
    event_tables,
    learning_tables,
    likeness_tables,
    list_tables,
    outcome_tables,
    policy_tables,
    proposal_tables,
    reviewer_tables,
    second_look_tables,
    step_up_tables,
    tables,
    webhook_tables,
)
from service.storage.sql.base import Base

METADATA = Base.metadata
TABLE_MODULES = (
    account_tables,
    attack_tables,
    case_tables,
    cluster_tables,
    containment_tables,
    event_tables,
    learning_tables,
    likeness_tables,
    list_tables,
    outcome_tables,
    policy_tables,
    proposal_tables,
    reviewer_tables,
    second_look_tables,
    step_up_tables,
    tables,
    webhook_tables,
)
