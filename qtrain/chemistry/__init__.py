"""Molecules as qubit Hamiltonians: integrals and exact energies by PySCF, Jordan-Wigner, files with provenance."""
