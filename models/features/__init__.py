"""Features: the numbers the risk model reads, one function each."""
