"""Every table in one metadata: what Alembic compares the migrations with.

A module that declares tables is imported here, and nowhere else for its side effect.
"""

from __future__ import annotations

from service.storage.sql import event_tables, learning_tables, tables
from service.storage.sql.base import Base

METADATA = Base.metadata
TABLE_MODULES = (tables, event_tables, learning_tables)
