"""Fixtures for the tests of what is kept."""

from tests.databases import conn, engine, keys

__all__ = ["conn", "engine", "keys"]
