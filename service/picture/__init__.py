"""The reasons of an assessment for people: which to show, and a picture of them as SVG text."""

from service.picture.draw import picture

__all__ = ["picture"]
