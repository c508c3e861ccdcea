"""Reads the wording of lumbar imaging reports.

The law of this room: standard library only, text in and facts out, every fact with its span. What
was not understood is listed, never guessed; what was not mentioned is not absent.
"""
