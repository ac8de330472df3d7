"""The results of runs, and saving them to disk."""
