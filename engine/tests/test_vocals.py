"""Vocal isolation: what a request gets when the optional parts are not there, and the real thing when they are."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from humo_engine import vocals
from humo_engine.weights import WeightsMissing

INSTALLED = importlib.util.find_spec("audio_separator") is not None


def test_without_the_library_the_message_says_what_to_install(tmp_path):
    # A fresh interpreter that sees no audio_separator, whether or not this environment has it.
    script = (
        "import sys; sys.modules['audio_separator'] = None\n"
        "from humo_engine import vocals\n"
        "try: vocals.isolate_voice('a.wav', 'b.wav', 'weights')\n"
        "except vocals.VocalsUnavailable as error: print(error.code, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(vocals.__file__).parents[1])},
    )
    assert done.stdout.startswith("invalid_input"), done.stderr
    assert "uv sync --extra vocals" in done.stdout


@pytest.mark.skipif(not INSTALLED, reason="audio-separator is not installed")
def test_without_the_model_the_message_names_the_download(tmp_path):
    with pytest.raises(WeightsMissing, match="weights download --vocals"):
        vocals.isolate_voice(tmp_path / "a.wav", tmp_path / "b.wav", tmp_path)


@pytest.mark.skipif(not INSTALLED or "HUMO_WEIGHTS" not in os.environ, reason="needs audio-separator and HUMO_WEIGHTS")
def test_the_voice_is_as_long_as_the_input(tmp_path):
    import wave

    audio = tmp_path / "in.wav"
    with wave.open(str(audio), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16000 * 2))
    out = vocals.isolate_voice(audio, tmp_path / "out.wav", os.environ["HUMO_WEIGHTS"])
    with wave.open(str(out)) as file:
        assert abs(file.getnframes() / file.getframerate() - 2) < 0.05
