"""Fits the knowledge to a site: confirmed outcomes in, a new edition of ``mappings/`` out."""
