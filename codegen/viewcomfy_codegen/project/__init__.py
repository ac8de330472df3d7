"""Clients on a disk: settings, regeneration over earlier files, what changed, and safe writing."""
