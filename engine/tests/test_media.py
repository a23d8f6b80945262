"""Media that cannot be used: each way ends in the protocol's `unsupported_media`, with the file's name."""

from __future__ import annotations

import sys
import types
import wave
from pathlib import Path

import numpy as np
import pytest
import torch

from humo_engine.pipeline import Clip, Pipeline, Silent
from humo_engine.protocol import RequestError, parse_request
from humo_engine.settings import load_settings
from humo_engine.tiny import tiny_components
from humo_engine.vocals import MODEL_FILE, MODEL_FOLDER
from humo_engine.weights.lock import read_lock

SETTINGS = load_settings(Path(__file__).parents[2] / "generate.yaml", "tiny")


@pytest.fixture(scope="module")
def components():
    return tiny_components("17b")


def write_wav(file: Path, samples: int, hertz: float = 0) -> Path:
    """A tone, or silence."""
    tone = 8000 * np.sin(2 * np.pi * hertz / 16_000 * np.arange(samples))
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(tone.astype("<i2").tobytes())
    return file


def refused(components, folder: Path, **body) -> RequestError:
    """The error that a request with these media ends in."""
    with pytest.raises(RequestError) as caught:
        made(components, folder, **body)
    return caught.value


def made(components, folder: Path, **body) -> Clip:
    message = {
        "id": "g-1",
        "outputDir": str(folder / "out"),
        "request": {"prompt": "A man", "width": 64, "height": 48, "frames": 5, "steps": 1, **body},
    }
    request = parse_request(message, SETTINGS, ("17b",))
    return Pipeline(components, SETTINGS, torch.device("cpu"), folder).generate(request, Silent())


def test_an_image_that_a_decoder_refuses(components, tmp_path):
    (tmp_path / "face.ppm").write_bytes(b"P6 4x 4 255\n")
    error = refused(components, tmp_path, mode="TI", images=[str(tmp_path / "face.ppm")])
    assert error.code == "unsupported_media" and "face.ppm" in str(error)


def test_sound_that_is_too_short(components, tmp_path):
    error = refused(components, tmp_path, mode="TA", audio=str(write_wav(tmp_path / "voice.wav", 639)))
    assert error.code == "unsupported_media" and "voice.wav" in str(error)


@pytest.fixture
def separator(monkeypatch, tmp_path):
    """Stands in for audio-separator, which few environments have; it fails as `fails` says. The model is a hollow file."""
    model = tmp_path / MODEL_FOLDER / MODEL_FILE
    model.parent.mkdir()
    with model.open("wb") as file:
        file.truncate(next(entry.size for entry in read_lock() if entry.path == MODEL_FILE))

    class Separator:
        fails: Exception | None = None

        def __init__(self, output_dir: str, **_):
            self.output = Path(output_dir)
            self.output.mkdir(parents=True, exist_ok=True)  # as the library does

        def get_model_hash(self, _):
            return "sum"

        def load_model(self, _): ...

        def separate(self, *_):
            if self.fails:
                raise self.fails
            (self.output / "voice.wav").write_bytes(b"not sound")

    module = types.ModuleType("audio_separator.separator")
    module.Separator = Separator
    monkeypatch.setitem(sys.modules, "audio_separator", types.ModuleType("audio_separator"))
    monkeypatch.setitem(sys.modules, "audio_separator.separator", module)
    return Separator


@pytest.mark.parametrize("fails", [RuntimeError("no backend"), EOFError(), None], ids=["library", "decoder", "result"])
def test_sound_whose_voice_cannot_be_isolated(components, tmp_path, separator, fails):
    separator.fails = fails
    error = refused(components, tmp_path, mode="TA", audio=str(write_wav(tmp_path / "song.wav", 16_000)), vocals=True)
    assert error.code == "unsupported_media" and ("song.wav" if fails else "voice.wav") in str(error)


def test_left_to_the_engine_a_voice_is_isolated_where_there_is_music_and_nowhere_else(components, tmp_path, separator):
    separator.fails = RuntimeError("it was asked for")
    song, quiet = write_wav(tmp_path / "song.wav", 16_000, hertz=523.25), write_wav(tmp_path / "quiet.wav", 16_000)
    assert "it was asked for" in str(refused(components, tmp_path, mode="TA", audio=str(song), vocals="auto"))
    assert not made(components, tmp_path, mode="TA", audio=str(quiet), vocals="auto").is_voice_alone


def test_memory_that_runs_out_in_the_isolation_is_not_the_sounds_fault(components, tmp_path, separator):
    separator.fails = MemoryError()
    with pytest.raises(MemoryError):
        refused(components, tmp_path, mode="TA", audio=str(write_wav(tmp_path / "song.wav", 16_000)), vocals=True)
