"""Randomised-Pauli classical shadows: acquired once, read classically as often as one likes (arXiv 2002.08953)."""
