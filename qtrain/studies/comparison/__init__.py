"""The search against its rivals: equal means, paired intervals, losses named."""
