"""When the model is trained again, and that only what was trained here is served."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot import train
from bot.server import BrokenModel, rasa_command, rasa_environment


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bot" / "rasa"
    (folder / "domain").mkdir(parents=True)
    (folder / "config.yml").write_text("language: en\n")
    (folder / "domain" / "facts.yml").write_text("slots: {}\n")
    monkeypatch.setattr(train, "ROOT", tmp_path)
    return folder


def test_the_hash_follows_names_and_contents_and_not_the_time(sources: Path) -> None:
    before = train.sources_hash()
    os.utime(sources / "config.yml", (1, 1))
    assert train.sources_hash() == before
    (sources / "domain" / "facts.yml").rename(sources / "domain" / "other.yml")
    renamed = train.sources_hash()
    assert renamed != before
    (sources / "config.yml").write_text("language: en \n")
    assert train.sources_hash() not in (before, renamed)


def test_a_model_that_changed_after_training_is_not_served(tmp_path: Path) -> None:
    model = tmp_path / "m.tar.gz"
    assert not train.is_whole(model)
    model.write_bytes(b"a model")
    assert not train.is_whole(model)
    (tmp_path / "m.tar.gz.sha256").write_text(train._checksum(model))
    assert train.is_whole(model)
    assert "127.0.0.1" in rasa_command(25999, model)
    model.write_bytes(b"another model")
    assert not train.is_whole(model)
    with pytest.raises(BrokenModel):
        rasa_command(25999, model)


def test_rasa_gets_its_token_and_none_of_the_stations_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATION_SECRET_KEY", "secret")
    monkeypatch.setenv("STATION_DATA_KEYS", "k1:secret")
    environment = rasa_environment("token")
    assert environment["STATION_RASA_TOKEN"] == "token"
    assert "secret" not in " ".join(environment.values())
    assert environment["RASA_TELEMETRY_ENABLED"] == "false"
    with pytest.raises(ValueError, match="token"):
        rasa_environment("")


def test_training_that_fails_says_why_and_leaves_no_model(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "MODELS", tmp_path / "models")
    monkeypatch.setattr(train, "RASA", tmp_path / "missing" / "rasa")
    with pytest.raises(train.TrainingFailed, match="has not been set up"):
        train.train(lambda _: None)
    assert list((tmp_path / "models").iterdir()) == []
