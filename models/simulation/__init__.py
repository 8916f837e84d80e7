"""A simulated world of sign-ups to learn from: honest people, hydras, and outcomes that come late or wrong."""
