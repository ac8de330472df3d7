"""A generated module's own command line."""
