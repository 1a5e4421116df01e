"""Ports are looked at before programs are started on them."""

from __future__ import annotations

import asyncio
import socket

import pytest

from scripts.setup.places import Unable
from scripts.setup.ports import answers, free_port, require_free


def test_a_port_in_use_is_refused_in_one_sentence_that_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unable) as refused:
            require_free("127.0.0.1", port, "STATION_PORT")
    sentence = str(refused.value)
    assert f"Port {port} of 127.0.0.1 is already in use" in sentence
    assert "STATION_PORT" in sentence
    assert "\n" not in sentence
    require_free("127.0.0.1", port, "STATION_PORT")


def test_an_address_that_is_not_ours_is_refused_in_one_sentence() -> None:
    with pytest.raises(Unable, match="Nothing can listen on"):
        require_free("192.0.2.1", 8080, "STATION_PORT")


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", free_port())):
        pass


@pytest.mark.parametrize(
    ("reply", "healthy"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False),
        (b"", False),
        (b"nonsense", False),
    ],
)
async def test_only_an_answer_of_200_is_healthy(reply: bytes, healthy: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await answers("127.0.0.1", port, "/healthz") is healthy
    assert not await answers("127.0.0.1", port, "/healthz")


async def test_a_server_that_never_answers_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not await answers("127.0.0.1", silent.getsockname()[1], "/", timeout_s=0.1)
