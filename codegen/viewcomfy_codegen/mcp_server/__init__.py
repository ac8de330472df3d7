"""Workflows as tools of the Model Context Protocol. All modules but `calling`, `files` and `kept`
need the extra `mcp`.
"""
