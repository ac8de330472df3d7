"""The naming of parameters and outputs: candidates, and which input gets which name."""
