"""What a search draws, and how."""
