"""The value of a cost and its gradient, by the classical method that fits."""
