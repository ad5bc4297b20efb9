"""MLflow: every trial on record."""
