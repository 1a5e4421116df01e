"""What the set-up reads of the settings, and that the station reads the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import Settings
from scripts.setup.options import read_dotenv, read_options
from scripts.setup.places import ROOT, Unable


def test_without_settings_the_contracts_defaults_hold(tmp_path: Path) -> None:
    options = read_options({}, tmp_path)
    assert (options.host, options.port, options.var) == ("127.0.0.1", 8080, tmp_path / "var")
    assert options.demo
    assert options.url == "http://127.0.0.1:8080"
    assert options.rasa_url == ""
    assert len(options.demo_password) >= 12
    assert options.demo_password != read_options({}, tmp_path).demo_password


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STATION_PORT=9001\nSTATION_VAR=/srv/station\n")
    options = read_options({"STATION_PORT": "9002"}, tmp_path)
    assert (options.port, options.var) == (9002, Path("/srv/station"))


DOTENV = """
# a comment
STATION_HOST=localhost
export STATION_PORT = 9003   # with a comment
STATION_DEMO_PASSWORD="with # and space"
station_public_url='https://chat.example.org/'
STATION_HOURS=
UNRELATED=1
STATION_TIMEZONE=Europe/Amsterdam#not-a-comment
"""


def test_a_file_is_read_as_the_station_reads_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(DOTENV)
    ours = read_dotenv(path)
    theirs = Settings(_env_file=path)  # type: ignore[call-arg]  # a setting of pydantic-settings itself
    assert ours["STATION_HOST"] == theirs.host == "localhost"
    assert int(ours["STATION_PORT"]) == theirs.port == 9003
    assert ours["STATION_DEMO_PASSWORD"] == theirs.demo_password == "with # and space"
    assert ours["STATION_PUBLIC_URL"] == theirs.public_url
    assert ours["STATION_HOURS"] == theirs.hours == ""
    assert ours["STATION_TIMEZONE"] == theirs.timezone
    assert "UNRELATED" not in ours


@pytest.mark.parametrize("port", ["http", "0", "-1", "65536", "80 80", "８０"])
def test_a_port_that_is_none_is_refused_in_one_sentence(tmp_path: Path, port: str) -> None:
    with pytest.raises(Unable, match="STATION_PORT must be a number") as refused:
        read_options({"STATION_PORT": port}, tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),  # noqa: S104  # nothing listens there
        ("::1", "http://[::1]:8080"),
    ],
)
def test_the_address_shown_can_be_opened_on_this_machine(tmp_path: Path, host: str, url: str) -> None:
    assert read_options({"STATION_HOST": host}, tmp_path).url == url


def test_the_example_names_every_setting_and_no_other(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text()
    (tmp_path / ".env").write_text(text.replace("#STATION_", "STATION_"))
    named = set(read_dotenv(tmp_path / ".env"))
    known = {f"STATION_{name.upper()}" for name in Settings.model_fields} | {"STATION_RASA_PORT"}
    assert named == known
    Settings(_env_file=tmp_path / ".env")  # type: ignore[call-arg]  # and its values can be used
