"""A workflow as a graph: its nodes, what each is for, and which is which after a change."""
