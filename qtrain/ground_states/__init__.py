"""Ground states as matrix products, and phases of matter that are told from them."""
