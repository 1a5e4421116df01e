"""Encryption at rest: the key ring, and the column types that use it.

Message text and personal data are written through :class:`EncryptedText` or :class:`EncryptedJSON`: AES-256-GCM
with a random 96-bit nonce, the key's id in front of every value so that keys can be rotated, and the column's
name as associated data so that a value cannot be moved to another column. A blind index (HMAC-SHA-256 under a
key of its own) finds a row by an encrypted value that must be unique, such as an e-mail address.

Never logs a value or a key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_NONCE = (
    12  # bytes; NIST SP 800-38D's size for random nonces (at most 2**32 values a key: rotate well before)
)


class BadKeys(ValueError):
    """A key ring that cannot be read; the text says which part and never holds a key."""


class UnknownKey(RuntimeError):
    """A stored value names a key that this ring does not have."""


class KeyRing:
    """The keys of ``STATION_DATA_KEYS``: the first writes, all of them read.

    Parameters
    ----------
    keys:
        key id (1-16 ASCII letters, digits, ``-`` or ``_``) to 32 key bytes, in order.
    index_key:
        at least 16 bytes, for blind indexes. It does not rotate with the data keys: an index must stay findable.
    """

    def __init__(self, keys: Mapping[str, bytes], index_key: bytes) -> None:
        if not keys:
            raise BadKeys("STATION_DATA_KEYS holds no key")
        for key_id, key in keys.items():
            if (
                not (key_id.isascii() and key_id.replace("-", "").replace("_", "").isalnum())
                or len(key_id) > 16
            ):
                raise BadKeys(f"key id {key_id!r} must be 1-16 letters, digits, - or _")
            if len(key) != 32:
                raise BadKeys(f"key {key_id!r} must be 32 bytes, has {len(key)}")
        if len(index_key) < 16:
            raise BadKeys("STATION_INDEX_KEY must be at least 16 bytes")
        self.current = next(iter(keys))
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._prefix = bytes([len(self.current)]) + self.current.encode()
        self._writer = self._ciphers[self.current]
        self._index_key = index_key

    @classmethod
    def parse(cls, data_keys: str, index_key: str) -> KeyRing:
        """Read ``id:base64,id:base64`` and a base64 index key. Raises :class:`BadKeys` naming the bad part."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (p.strip() for p in data_keys.split(","))):
            key_id, _, encoded = part.partition(":")
            if key_id in keys:
                raise BadKeys(f"key id {key_id!r} stands twice in STATION_DATA_KEYS")
            try:
                keys[key_id] = base64.b64decode(encoded, validate=True)
            except binascii.Error as error:
                raise BadKeys(f"key {key_id!r} is not base64") from error
        try:
            index = base64.b64decode(index_key, validate=True)
        except binascii.Error as error:
            raise BadKeys("STATION_INDEX_KEY is not base64") from error
        return cls(keys, index)

    def encrypt(self, plain: bytes, context: bytes) -> bytes:
        """``len(id) | id | nonce | ciphertext and tag``, bound to ``context``."""
        nonce = os.urandom(_NONCE)
        return self._prefix + nonce + self._writer.encrypt(nonce, plain, context)

    def decrypt(self, stored: bytes, context: bytes) -> bytes:
        """The plain bytes. Raises :class:`UnknownKey`, or ``ValueError`` when the value was altered or moved."""
        size = stored[0]
        key_id = stored[1 : 1 + size].decode("ascii", "replace")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownKey(f"no key {key_id!r} in STATION_DATA_KEYS")
        body = 1 + size
        try:
            return cipher.decrypt(stored[body : body + _NONCE], stored[body + _NONCE :], context)
        except InvalidTag as error:
            raise ValueError("an encrypted value does not verify: altered, moved, or another key") from error

    def key_id(self, stored: bytes) -> str:
        """Which key a stored value was written with."""
        return stored[1 : 1 + stored[0]].decode("ascii", "replace")

    def blind_index(self, value: str, purpose: str) -> str:
        """A 64-character keyed hash for finding ``value`` again; different purposes give different hashes."""
        return hmac.new(self._index_key, f"{purpose}\x00{value}".encode(), hashlib.sha256).hexdigest()


_ring: KeyRing | None = None


def install(ring: KeyRing) -> None:
    """Make ``ring`` the one that the column types use. Called once at start, before any statement runs."""
    global _ring
    _ring = ring


def ring() -> KeyRing:
    """The installed key ring; raises ``RuntimeError`` when there is none yet."""
    if _ring is None:
        raise RuntimeError("no key ring is installed")
    return _ring


class _Encrypted(TypeDecorator[Any]):
    """What the two column types share: bytes in the database, bound to ``context``."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context
        self._bound = context.encode()


class EncryptedText(_Encrypted):
    """A text column that the database sees only as AES-GCM bytes. ``context`` is ``table.column``."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else ring().encrypt(value.encode("utf-8", "surrogatepass"), self._bound)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else ring().decrypt(value, self._bound).decode("utf-8", "surrogatepass")


class EncryptedJSON(_Encrypted):
    """A JSON column (objects and lists) that the database sees only as AES-GCM bytes."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else ring().encrypt(orjson.dumps(value), self._bound)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(ring().decrypt(value, self._bound))
