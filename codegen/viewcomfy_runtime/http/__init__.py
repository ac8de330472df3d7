"""HTTP with one deadline over a whole call."""
