"""How good a model is, told with its uncertainty and for every group of people apart."""
