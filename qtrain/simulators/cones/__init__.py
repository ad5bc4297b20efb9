"""Costs cut into terms on their own light cones; terms of one shape are evaluated once."""
