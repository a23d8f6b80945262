"""One pipeline at toy size: what its surroundings may do to it, and what it never calls done."""

from __future__ import annotations

import contextlib
import dataclasses
import wave
from pathlib import Path

import pytest
import torch
from PIL import Image

from humo_engine.pipeline import Pipeline
from humo_engine.protocol import Request, RequestError, parse_request
from humo_engine.settings import load_settings
from humo_engine.tiny import tiny_components

CPU = torch.device("cpu")
SIDE = 32
SETTINGS = load_settings(Path(__file__).parents[2] / "generate.yaml", "tiny")


class Quiet:
    def progress(self, *_) -> None: ...

    def preview(self, *_) -> None: ...

    def check(self) -> None: ...


@pytest.fixture(scope="module")
def parts():
    return tiny_components("17b")


@pytest.fixture
def request_to(tmp_path):
    """A small request in mode TI with its frames in the folder named."""
    Image.new("RGB", (40, 60), "orange").save(tmp_path / "man.png")

    def made(folder: Path) -> Request:
        body = {
            "prompt": "A man", "mode": "TI", "images": [str(tmp_path / "man.png")], "width": SIDE, "height": SIDE, "frames": 5,
            "steps": 1, "model": "17b",
        }  # fmt: skip
        return parse_request({"id": "clip", "outputDir": str(folder), "request": body}, SETTINGS, ("17b",))

    return made


def test_zero_video_latents_are_kept_and_read_again(parts, tmp_path, monkeypatch):
    made = Pipeline(parts, SETTINGS, CPU, cache=tmp_path).zero_video(2, SIDE, SIDE)
    (file,) = (tmp_path / "zero-video").iterdir()
    again = Pipeline(parts, SETTINGS, CPU, cache=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(parts.vae, "encode", None)
        assert torch.equal(again.zero_video(2, SIDE, SIDE), made)
    file.write_bytes(b"damaged")
    assert torch.equal(again.zero_video(2, SIDE, SIDE), made) and file.stat().st_size > 1000


@pytest.mark.parametrize("trouble", ["no folder", "no file"])
def test_a_cache_that_cannot_be_written_costs_one_warning_and_no_clip(parts, request_to, tmp_path, caplog, trouble):
    cache = tmp_path / "cache"
    if trouble == "no folder":
        cache.write_bytes(b"")  # a file where the folder should be
    else:  # a folder stands where the file should be
        Pipeline(parts, SETTINGS, CPU, cache=cache).zero_video(3, SIDE, SIDE)
        (file,) = (cache / "zero-video").iterdir()
        file.unlink()
        (file / "in-the-way").mkdir(parents=True)
    pipeline = Pipeline(parts, SETTINGS, CPU, cache=cache)
    for name in ("first", "second"):
        assert pipeline.generate(request_to(tmp_path / name), Quiet()).path.stat().st_size == SIDE * SIDE * 5 * 3
    (warning,) = (record for record in caplog.records if record.name == "humo_engine.pipeline")
    assert "zero-video" in warning.getMessage()
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    "name", ["x" * 300, "zero\0byte", "\ud800", "man.png", "man.png/below"], ids=lambda name: ascii(name)[:20]
)
def test_an_output_folder_that_cannot_be_is_a_mistake_of_the_request(parts, request_to, tmp_path, name):
    with pytest.raises(RequestError, match="`outputDir` cannot be used: ") as caught:
        Pipeline(parts, SETTINGS, CPU, cache=tmp_path).generate(request_to(tmp_path / name), Quiet())
    assert caught.value.code == "invalid_input"


def test_a_clip_that_is_no_longer_numbers_is_not_done(request_to, tmp_path):
    parts = tiny_components("17b")
    parts.transformer.head.head.bias[3] = float("nan")
    with pytest.raises(RuntimeError, match="not numbers"):
        Pipeline(parts, SETTINGS, CPU, cache=tmp_path).generate(request_to(tmp_path / "out"), Quiet())
    assert list((tmp_path / "out").iterdir()) == []


@pytest.fixture
def voice(tmp_path):
    with wave.open(str(tmp_path / "voice.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16_000))
    return tmp_path / "voice.wav"


def test_only_the_transformer_runs_under_the_rule_for_its_attention(request_to, voice, tmp_path, monkeypatch):
    """The rule may leave one kernel, which can do neither Whisper's fp32 nor the VAE's wide heads (cuDNN's with torch 2.5)."""
    parts = tiny_components("17b")
    under_the_rule = False
    seen = set()

    @contextlib.contextmanager
    def rule(device, dtype):
        nonlocal under_the_rule
        assert dtype == torch.float32
        under_the_rule = True
        yield
        under_the_rule = False

    monkeypatch.setattr("humo_engine.pipeline.fastest_attention", rule)
    watched = {
        "text": parts.text_encoder, "whisper": parts.whisper, "block": parts.transformer.blocks[0],
        "encoder": parts.vae.encoder, "decoder": parts.vae.decoder,
    }  # fmt: skip
    for name, module in watched.items():
        module.register_forward_pre_hook(lambda *_, name=name: seen.add((name, under_the_rule)))
    request = dataclasses.replace(request_to(tmp_path / "out"), mode="TIA", audio=voice)
    Pipeline(parts, SETTINGS, CPU, cache=tmp_path).generate(request, Quiet())
    assert seen == {(name, name == "block") for name in watched}


@pytest.mark.parametrize("tiled", [False, True])
def test_decoding_begins_at_nothing_and_ends_at_all_of_it(request_to, tmp_path, tiled):
    parts = tiny_components("17b")
    if tiled:
        parts.vae.enable_tiling(16, 16, 8, 8)
    steps = []

    class Listening(Quiet):
        def progress(self, stage, step, count, *_):
            if stage == "decode":
                steps.append((step, count))

    Pipeline(parts, SETTINGS, CPU, cache=tmp_path).generate(request_to(tmp_path / "out"), Listening())
    assert steps == [(0, 2), (2, 2)] if tiled else [(0, 2), (1, 2), (2, 2)]
