"""The places where a workflow can run, one module each, behind one interface."""
