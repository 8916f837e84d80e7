"""The sections of a policy document, one module each; every section but thresholds and fallback has defaults."""
