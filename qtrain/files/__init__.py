"""Files read with one clause about what is wrong, and written whole or not at all."""
