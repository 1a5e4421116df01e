"""Sets a station up and runs it from a checkout, with nothing but Python's standard library.

It must never import what ``.venv`` holds: it runs before ``.venv`` exists.
"""
