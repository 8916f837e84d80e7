"""The store in SQL: the only place in the service where SQL is written."""
