"""The chat server: the aiohttp application, the Socket.IO gateway, the desk and the ``station`` command."""
