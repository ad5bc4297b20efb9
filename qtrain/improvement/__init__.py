"""What to do about a circuit that does not train: edits that were tried, and what each of them measured."""
