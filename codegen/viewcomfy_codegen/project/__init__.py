"""Clients on disk: settings, regeneration over earlier files, changes, and safe writing."""
