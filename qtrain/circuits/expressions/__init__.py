"""Angles that are functions of weights and data: evaluated, and differentiated, at many points at once."""
