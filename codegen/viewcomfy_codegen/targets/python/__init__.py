"""The Python target: a module from a plan, and an earlier module read back."""
