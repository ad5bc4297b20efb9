"""Symmetry sectors as a simulator: amplitudes of the basis states that the circuit can reach, and of no others."""
