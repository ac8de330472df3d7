"""The places where a workflow can run: one module for each, with a common interface."""
