"""Winners on disk and as packages."""
