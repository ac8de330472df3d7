"""A call, the events of its run, and the client interface."""
