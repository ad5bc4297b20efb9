"""Dynamical Lie algebras, the module of an observable, and their limits."""
