"""Durable work: what arrives is remembered before it is answered, and done at least once."""
