"""Runs beyond a single call: jobs, batches and threads."""
