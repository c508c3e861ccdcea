"""Reads ``mappings/`` once, checks it and freezes it, or refuses to start."""
