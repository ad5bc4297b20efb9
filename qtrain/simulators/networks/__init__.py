"""Costs as networks of small tensors."""
