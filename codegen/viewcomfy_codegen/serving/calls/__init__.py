"""Calls: checked, run, recorded, and failed on request."""
