"""What do we do about a sign-up, and how do we remember it? The service around the scoring core."""
