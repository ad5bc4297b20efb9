"""Circuits grown gate by gate: pools of gates, what one sweep says of each, edits, references, symmetries."""
