"""The command line: only click and printing; other packages do the work."""
