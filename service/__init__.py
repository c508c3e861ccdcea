"""Lasegue: from scattered findings to the compressed lumbosacral root, side and next step."""
