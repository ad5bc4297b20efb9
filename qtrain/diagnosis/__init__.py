"""The criteria and their table: why a parameter trains or does not."""
