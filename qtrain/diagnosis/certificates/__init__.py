"""Classical simulations of a cost: a table of methods, each with what it takes and how wrong it is."""

from qtrain.diagnosis.certificates import exact, truncated  # noqa: F401 - they add their rows
