"""Looks at ports of this machine before programs are started on them, and whether one answers."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import random
import socket

from scripts.setup.places import Unable

# Below the range from which Linux takes the ports of outgoing connections: one chosen there could be
# taken by any program while Rasa is still loading.
_CHOICE = range(20_000, 30_000)


def require_free(host: str, port: int, setting: str) -> None:
    """Raise :class:`Unable` with one plain sentence when nothing can listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unable(
                f"Port {port} of {host} is already in use: stop the program that uses it, "
                f"or choose another with {setting}."
            ) from error
        raise Unable(f"Nothing can listen on {host}:{port} ({error.strerror or error}).") from error


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens now."""
    for port in random.sample(_CHOICE, 200):
        with contextlib.suppress(Unable):
            require_free("127.0.0.1", port, "")
            return port
    raise Unable("No free port was found for the bot: please give one with STATION_RASA_PORT.")


async def answers(host: str, port: int, path: str, timeout_s: float = 2.0) -> bool:
    """Whether an HTTP server there answers this path with 200."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.readline()).split(b" ")[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
