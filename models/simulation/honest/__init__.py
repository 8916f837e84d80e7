"""Honest people, one module a kind."""
