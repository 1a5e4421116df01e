"""What is kept: the words of the service, its tables, the store, and content as data.

The bottom room of the house: nothing here imports from ``bot``, ``escalation`` or ``app``.
"""
