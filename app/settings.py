"""Settings: environment variables ``STATION_*`` (and ``.env``), read once and checked before anything starts.

Keys that are not given are made on the first run under ``var/`` with mode 0600. Never logs a key.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import secrets
from functools import cached_property
from pathlib import Path

import orjson
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.desk.hours import Hours, read_hours
from app.limits import Rate, parse_rate
from data.crypto import BadKeys, KeyRing


class SettingsError(Exception):
    """A setting that cannot be used; the text says which and how to mend it."""


class Settings(BaseSettings):
    """Everything a station can be told. Every field is documented in ``docs/settings.md``, generated from here."""

    model_config = SettingsConfigDict(
        env_prefix="STATION_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on.")
    var: Path = Field(Path("var"), description="Where a running station writes: database, keys, models.")
    database_url: str = Field("", description="SQLAlchemy URL. Default: SQLite under STATION_VAR.")
    redis_url: str = Field("", description="Redis, for several processes. None by default.")
    hours: str = Field(
        "13:00-01:00", description="Staffed hours; `00:00-24:00` is always open, `closed` is never."
    )
    timezone: str = Field("Asia/Shanghai", description="The desk's time zone.")
    holidays: str = Field("", description="`2027-02-17,2027-02-18=15:00-23:00`; a date alone is closed.")
    secret_key: str = Field(
        "", description="Signs cookies and resume secrets. Made under STATION_VAR when empty."
    )
    data_keys: str = Field("", description="Encryption at rest: `id:base64,…`; the first writes.")
    index_key: str = Field(
        "", description="Base64 key of the blind indexes (e-mail, host user). Never rotates."
    )
    ticket_keys: str = Field("", description="The host app's keys: a JWKS or a path to one.")
    ticket_audience: str = Field("", description="When given, the `aud` that a ticket must carry.")
    signal_token: str = Field("", description="Bearer token of `POST /api/signals`.")
    rate_say: str = Field("20/10s", description="How many messages one visitor may send.")
    rate_open: str = Field(
        "60/60s", description="How many new visitors one address may bring (off on loopback)."
    )
    trusted_proxies: str = Field("", description="Addresses or networks whose X-Forwarded-For is believed.")
    public_url: str = Field("", description="Where browsers reach the station, when not at HOST:PORT.")
    origins: str = Field("", description="Origins of host apps, comma-separated: they may frame the chat.")
    rasa_url: str = Field("", description="Rasa's HTTP API. `make run` starts one itself.")
    rasa_token: str = Field("", description="Rasa's token.")
    demo: bool = Field(False, description="Makes the demo staff; refused unless HOST is a loopback address.")
    demo_password: str = Field("", description="The demo staff's password. Default: a random one, printed.")
    conversation_days: int = Field(
        180, ge=1, description="Days that conversations are kept after they were written."
    )
    case_days: int = Field(1095, ge=1, description="Days that cases are kept after they were opened.")
    vanish_s: float = Field(60.0, gt=0, description="Seconds after which an unheard counsellor is gone.")
    offer_s: float = Field(20.0, gt=0, description="Seconds a counsellor has to accept an offer.")
    log_level: str = Field("info", description="debug, info, warning or error.")

    @field_validator("redis_url")
    @classmethod
    def _no_redis_yet(cls, value: str) -> str:
        if value:
            raise ValueError("several processes over Redis are not supported yet; run one process")
        return value

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the station."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @cached_property
    def desk_hours(self) -> Hours:
        """The staffed hours; a broken setting shuts the desk and says why, and leaves the crisis route alone."""
        return read_hours(self.hours, self.timezone, self.holidays)

    @cached_property
    def say_rate(self) -> Rate:
        """The limit on one visitor's messages."""
        return parse_rate(self.rate_say)

    @cached_property
    def open_rate(self) -> Rate:
        """The limit on new visitors from one address."""
        return parse_rate(self.rate_open)

    @cached_property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{(self.var / 'station.db').absolute()}"

    @cached_property
    def keys(self) -> KeyRing:
        """The key ring of the encryption at rest."""
        data = self.data_keys or self._made("data_keys", lambda: f"k1:{_base64(32)}")
        index = self.index_key or self._made("index_key", lambda: _base64(32))
        return KeyRing.parse(data, index)

    @cached_property
    def signing_key(self) -> bytes:
        """The key behind cookies' CSRF tokens and resume secrets."""
        return (self.secret_key or self._made("secret_key", lambda: _base64(32))).encode()

    @cached_property
    def proxies(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Whose X-Forwarded-For is believed."""
        parts = filter(None, (p.strip() for p in self.trusted_proxies.split(",")))
        return tuple(ipaddress.ip_network(part, strict=False) for part in parts)

    @cached_property
    def ticket_jwks(self) -> dict[str, object] | None:
        """The host app's key set, or nothing when every visitor is anonymous."""
        if not self.ticket_keys:
            return None
        text = (
            self.ticket_keys
            if self.ticket_keys.lstrip().startswith("{")
            else Path(self.ticket_keys).read_text()
        )
        jwks = orjson.loads(text)
        return jwks if "keys" in jwks else {"keys": [jwks]}

    @property
    def own_origins(self) -> list[str]:
        """The station's own origins: staff sockets and forms come from these alone. Listed, never ``*``."""
        if self.public_url:
            return [self.public_url.rstrip("/")]
        names = ["127.0.0.1", "localhost", "[::1]"] if self.is_loopback else [self.host]
        return [f"http://{name}:{self.port}" for name in names]

    @property
    def host_origins(self) -> list[str]:
        """The host apps' origins: they may frame the chat page, hand it a ticket, and open a visitor's socket."""
        return [o.strip().rstrip("/") for o in self.origins.split(",") if o.strip()]

    def _made(self, name: str, make: object) -> str:
        """A key of ``var/keys``, made on first use; written whole or not at all, readable by its owner alone."""
        folder = self.var / "keys"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / name
        if not path.exists():
            fresh = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(make())  # type: ignore[operator]
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(fresh, path)  # of two processes that start at once, one wins and both read its key
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text().strip()


def _base64(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode()


def check(settings: Settings) -> None:
    """Refuse what must not start. Raises :class:`SettingsError` with one plain sentence."""
    if settings.demo and not settings.is_loopback:
        raise SettingsError(
            "STATION_DEMO makes staff with a known password: it needs STATION_HOST=127.0.0.1."
        )
    if not settings.public_url and settings.host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        raise SettingsError(
            "STATION_HOST listens everywhere: say in STATION_PUBLIC_URL where browsers reach it."
        )
    try:
        _ = settings.keys, settings.say_rate, settings.open_rate, settings.proxies, settings.ticket_jwks
    except BadKeys as error:
        raise SettingsError(f"{error}.") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"A setting cannot be read: {error}.") from error
