"""The command line: click and printing only; the other rooms do the work."""
