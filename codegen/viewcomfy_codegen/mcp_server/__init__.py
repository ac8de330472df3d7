"""Workflows as tools of the Model Context Protocol.

Needs the extra `mcp`, apart from `calling`, `files` and `kept`.
"""
