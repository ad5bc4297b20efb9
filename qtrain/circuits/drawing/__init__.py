"""Circuits as pictures: what is drawn of them, wherever it is drawn."""
