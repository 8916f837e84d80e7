"""Signals: facts derived from a sign-up, one module a group."""
