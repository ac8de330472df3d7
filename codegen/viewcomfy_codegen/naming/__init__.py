"""What a parameter could be called, and which of all gets which name."""
