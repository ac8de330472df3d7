"""Comfy API v2: assets, jobs and their events."""
