"""A file for each verb of the command line, or for a few that belong together."""
