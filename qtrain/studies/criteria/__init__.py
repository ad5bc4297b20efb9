"""Criteria as numbers that a search compares: each a value for every candidate, with a flag where it is a bound."""
