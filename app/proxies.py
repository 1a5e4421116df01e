"""Who is really asking: the client's address behind our own proxies."""

from __future__ import annotations

import ipaddress

from aiohttp import web

from app.settings import Settings


def address_of(
    request: web.Request | None, settings: Settings
) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The client's address: the nearest that is not one of our proxies."""
    if request is None:
        return None
    chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    chain.append(request.remote or "")
    found = None
    for part in reversed(chain):
        try:
            found = ipaddress.ip_address(part)
        except ValueError:
            return found
        if not any(found in network for network in settings.proxies):
            return found
    return found
