"""What the history says about a sign-up's identifiers."""
