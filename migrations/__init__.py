"""Alembic's migrations, numbered, one purpose each; part of the wheel so that an installed service can run them."""
