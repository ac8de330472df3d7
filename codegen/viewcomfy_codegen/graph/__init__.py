"""A workflow as a graph: its nodes, their roles, and which nodes correspond after a re-export."""
