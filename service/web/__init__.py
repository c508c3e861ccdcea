"""Listens: Flask, and nothing but Flask."""
