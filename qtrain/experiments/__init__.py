"""Studies reproduced by one command each: sizes, parts that are kept, expected numbers, their record."""
