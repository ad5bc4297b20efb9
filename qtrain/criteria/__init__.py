"""What decides whether a circuit trains: one file per criterion, frozen results in `results`."""
