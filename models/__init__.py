"""How risky does this sign-up look? A library: no web, no SQL, no network."""
