"""The shipped model: it learnt from simulated sign-ups, so that a new service can rank from its first day."""
