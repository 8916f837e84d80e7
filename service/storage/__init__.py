"""The stores: SQL for production, dictionaries for tests, both behind the same ports."""
