"""Where trials run and are kept."""
