"""Any circuit to a Pauli program, and what a question about it consists of."""
