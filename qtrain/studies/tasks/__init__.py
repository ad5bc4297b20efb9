"""What circuits are searched for."""
