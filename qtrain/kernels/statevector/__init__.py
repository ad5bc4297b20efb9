"""Batched statevectors: floats eight at a time, and exact ones modulo a prime."""
