"""Variances of gradients: one table of methods, one file for each."""
