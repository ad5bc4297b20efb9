"""Gradient variances averaged over circuits that are themselves drawn at random."""
