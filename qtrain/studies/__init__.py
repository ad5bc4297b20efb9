"""Searches: a space of architectures, tasks, objectives, and the loop that records every trial."""
