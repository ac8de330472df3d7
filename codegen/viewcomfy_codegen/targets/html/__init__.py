"""A workflow as one self-contained HTML page for people."""
