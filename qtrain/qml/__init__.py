"""Quantum neural networks and estimators of qiskit-machine-learning."""
