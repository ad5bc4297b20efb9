"""Second moments as sums over Pauli paths: exact, bounded, sampled."""
