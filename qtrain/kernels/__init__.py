"""Compiled kernels: numpy and numba alone, the circuit is data to them, never a reason to compile again."""
