"""Figures of results: each function draws into matplotlib Axes, its own or those it is given."""
