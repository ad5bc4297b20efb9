"""Searches among stabiliser states."""
