"""Vocal isolation: what a request gets when the optional parts are not there, and the real thing when they are."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from humo_engine import vocals
from humo_engine.weights.errors import WeightsMissing

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
        timeout=600,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(vocals.__file__).parents[1])},
    )
    assert done.stdout.startswith("invalid_input"), done.stderr
    assert "uv pip install --python .venv/bin/python" in done.stdout


@pytest.mark.skipif(not INSTALLED, reason="audio-separator is not installed")
def test_without_the_model_the_message_names_the_download(tmp_path):
    with pytest.raises(WeightsMissing, match="weights download --vocals"):
        vocals.isolate_voice(tmp_path / "a.wav", tmp_path / "b.wav", tmp_path)


@pytest.fixture
def weights_folder(tmp_path):
    """A folder of weights that holds a model of Kim_Vocal_2's form: the real one, or one that takes all it hears for the voice."""
    if "HUMO_WEIGHTS" in os.environ:
        return Path(os.environ["HUMO_WEIGHTS"])
    onnx = pytest.importorskip("onnx")
    shape = ["batch", 4, vocals.PARAMETERS["mdx_dim_f_set"], 2 ** vocals.PARAMETERS["mdx_dim_t_set"]]
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ("input", "output")]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["input"], ["output"])], "all", ends[:1], ends[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    folder = tmp_path / "weights" / vocals.MODEL_FOLDER
    folder.mkdir(parents=True)
    onnx.save(model, str(folder / vocals.MODEL_FILE))
    return folder.parent


@pytest.mark.skipif(not INSTALLED, reason="audio-separator is not installed")
def test_the_voice_is_isolated_without_a_connection_and_without_writing_beside_the_weights(tmp_path, weights_folder, monkeypatch):
    def no_connection(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be downloaded while somebody waits")

    monkeypatch.setattr(socket.socket, "connect", no_connection)
    monkeypatch.setattr(vocals, "missing_files", lambda *_: [])  # the stand-in is of another size
    before = sorted(weights_folder.rglob("*"))
    audio = tmp_path / "in.wav"
    samples = (8000 * np.sin(np.arange(2 * 16000) * 2 * np.pi * 220 / 16000)).astype("<i2")
    with wave.open(str(audio), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    out = vocals.isolate_voice(audio, tmp_path / "voice" / "out.wav", weights_folder)
    with wave.open(str(out)) as file:
        assert (file.getframerate(), file.getnchannels()) == (44100, 2)
        assert file.getnframes() / file.getframerate() == pytest.approx(2, abs=0.05)
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    if "HUMO_WEIGHTS" not in os.environ:  # the stand-in lets the tone through
        left = heard[::2].astype(float)
        assert np.argmax(np.abs(np.fft.rfft(left))) * 44100 / len(left) == pytest.approx(220, abs=1)
    assert sorted(weights_folder.rglob("*")) == before


@pytest.mark.skipif(not INSTALLED, reason="audio-separator is not installed")
def test_a_model_that_cannot_be_loaded_is_an_error_about_the_request(tmp_path, monkeypatch):
    monkeypatch.setattr(vocals, "missing_files", lambda *_: [])
    model = tmp_path / vocals.MODEL_FOLDER / vocals.MODEL_FILE
    model.parent.mkdir()
    model.write_bytes(b"not a model")
    with pytest.raises(ValueError, match="cannot be isolated"):
        vocals.isolate_voice(tmp_path / "in.wav", tmp_path / "out.wav", tmp_path)
