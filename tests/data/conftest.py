"""Fixtures for the tests of what is kept."""

from tests.databases import conn, engine, keys, shared_engine

__all__ = ["conn", "engine", "keys", "shared_engine"]
