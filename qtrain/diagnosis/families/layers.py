"""Any circuit of repeated layers."""
