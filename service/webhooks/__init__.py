"""Webhooks: events on their way out, signed by the Standard Webhooks specification."""
