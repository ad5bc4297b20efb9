"""Pauli propagation that collapses."""
