"""Reads the data files next to this module."""

from __future__ import annotations

from pathlib import Path


def shipped_data(name: str) -> bytes:
    """The content of a data file."""
    return Path(__file__).with_name(name).read_bytes()
