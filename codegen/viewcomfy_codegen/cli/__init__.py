"""The command line: click and printing only; everything else is asked of the other rooms."""
