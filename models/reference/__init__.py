"""Reference data: what is known of domains, networks, cards, names and browsers, behind small classes."""
