"""The spec of a search."""
