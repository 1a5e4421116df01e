"""Fixtures for the tests of staff."""

from tests.databases import conn, engine, keys

__all__ = ["conn", "engine", "keys"]
