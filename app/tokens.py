"""What visitors bring along to say who they are: resume secrets of ours, and tickets of the host app.

A resume secret names the visitor and an epoch and is signed; it is worth nothing once the visitor's epoch is
raised or the visitor forgotten. A ticket is the host's JWT: only keys from its key set, one algorithm for each.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import jwt

from data.kinds import ErrorCode, Refusal

_ALGORITHMS = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA", "oct": "HS256"}


def make_resume(key: bytes, visitor: str, epoch: int) -> str:
    """A secret with which this visitor is found again."""
    body = f"{visitor}.{epoch}"
    return f"{body}.{_mac(key, body)}"


def read_resume(key: bytes, secret: str | None) -> tuple[str, int] | None:
    """``(visitor, epoch)`` of a secret that we signed, else nothing."""
    if not secret:
        return None
    body, _, mac = secret.rpartition(".")
    if not mac.isascii() or not hmac.compare_digest(mac, _mac(key, body)):
        return None
    visitor, _, epoch = body.rpartition(".")
    return (visitor, int(epoch)) if epoch.isdecimal() else None


def make_csrf(key: bytes, binding: str) -> str:
    """The token that a form must bring back: bound to the browser's session (or its pre-session cookie)."""
    return _mac(key, f"csrf:{binding}")


class Tickets:
    """The host app's keys.

    Parameters
    ----------
    jwks:
        A JWK set; each key's algorithm is its ``alg``, or the one that its type implies.
    audience:
        When given, the ``aud`` that a ticket must carry.
    """

    def __init__(self, jwks: Mapping[str, Any] | None, audience: str = "") -> None:
        self._audience = audience or None
        self._keys: list[tuple[str | None, str, Any]] = []
        for number, raw in enumerate((jwks or {}).get("keys", [])):
            algorithm = raw.get("alg") or _ALGORITHMS.get(raw.get("kty", ""), "")
            try:
                key = jwt.PyJWK(raw, algorithm=algorithm)
            except Exception as error:
                raise ValueError(
                    f"STATION_TICKET_KEYS: key {raw.get('kid', number)} cannot be used"
                ) from error
            self._keys.append((raw.get("kid"), algorithm, key))

    def subject(self, ticket: str) -> str:
        """The host app's user id (``sub``). Raises a :class:`Refusal` for a ticket that does not hold."""
        try:
            header = jwt.get_unverified_header(ticket)
        except jwt.InvalidTokenError:
            raise _bad("This sign-in could not be read.") from None
        for kid, algorithm, key in self._keys:
            if header.get("alg") != algorithm or (header.get("kid") and kid and header["kid"] != kid):
                continue
            try:
                claims = jwt.decode(
                    ticket,
                    key,
                    algorithms=[algorithm],
                    audience=self._audience,
                    leeway=30,
                    options={"require": ["exp", "sub"], "verify_aud": self._audience is not None},
                )
            except jwt.ExpiredSignatureError:
                raise _bad("This sign-in has expired. Please open the chat from the app again.") from None
            except jwt.InvalidTokenError:
                continue
            subject = str(claims["sub"])
            if 0 < len(subject) <= 255:
                return subject
        raise _bad("This sign-in is not valid here.")


def _bad(message: str) -> Refusal:
    return Refusal(ErrorCode.NOT_ALLOWED, message)


def _mac(key: bytes, body: str) -> str:
    digest = hmac.new(key, body.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()
