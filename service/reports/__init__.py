"""Reads the wording of lumbar imaging reports.

The law of this room: standard library only, text in and facts out, every fact with its span. What
was not understood is listed, never guessed; what was not mentioned is not absent.
"""

from service.reports.phrases import Phrases, phrases_from
from service.reports.read import Reading, read_report

__all__ = ["Phrases", "Reading", "phrases_from", "read_report"]
