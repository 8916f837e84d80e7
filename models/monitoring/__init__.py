"""Watching a model in service: what has moved, measured with nothing of the training parts."""
