"""Classical simulations of a cost: a table of methods, each with what it takes and how wrong it is."""
