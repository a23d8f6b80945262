"""One pipeline at toy size: what its surroundings may do to it, and what it never calls done."""

from __future__ import annotations

import contextlib
import dataclasses
import wave
from pathlib import Path

import pytest
import torch
from PIL import Image

from humo_engine.audio import read_wav, whisper_states
from humo_engine.pipeline import Cancelled, Pipeline, Silent
from humo_engine.protocol import Request, RequestError, parse_request
from humo_engine.settings import load_settings
from humo_engine.tiny import tiny_components

CPU = torch.device("cpu")
SIDE = 32
SETTINGS = load_settings(Path(__file__).parents[2] / "generate.yaml", "tiny")


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
        assert pipeline.generate(request_to(tmp_path / name), Silent()).path.stat().st_size == SIDE * SIDE * 5 * 3
    (warning,) = (record for record in caplog.records if record.name == "humo_engine.pipeline")
    assert "zero-video" in warning.getMessage()
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    "name", ["x" * 300, "zero\0byte", "\ud800", "man.png", "man.png/below"], ids=lambda name: ascii(name)[:20]
)
def test_an_output_folder_that_cannot_be_is_a_mistake_of_the_request(parts, request_to, tmp_path, name):
    with pytest.raises(RequestError, match="`outputDir` cannot be used: ") as caught:
        Pipeline(parts, SETTINGS, CPU, cache=tmp_path).generate(request_to(tmp_path / name), Silent())
    assert caught.value.code == "invalid_input"


def test_a_clip_that_is_no_longer_numbers_is_not_done(request_to, tmp_path):
    parts = tiny_components("17b")
    parts.transformer.head.head.bias[3] = float("nan")
    with pytest.raises(RuntimeError, match="not numbers"):
        Pipeline(parts, SETTINGS, CPU, cache=tmp_path).generate(request_to(tmp_path / "out"), Silent())
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
    Pipeline(parts, SETTINGS, CPU, cache=tmp_path).generate(request, Silent())
    assert seen == {(name, name == "block") for name in watched}


def test_a_sound_that_comes_again_is_heard_once_and_another_one_anew(parts, request_to, voice, tmp_path, monkeypatch):
    heard = []
    monkeypatch.setattr("humo_engine.pipeline.whisper_states", lambda *given: heard.append(1) or whisper_states(*given))
    kept, fresh = (Pipeline(parts, SETTINGS, CPU, cache=tmp_path) for _ in range(2))

    def windows(pipeline: Pipeline, samples: torch.Tensor, offset: int) -> torch.Tensor:
        return pipeline._audio(dataclasses.replace(request_to(tmp_path), audio_offset=offset), samples)

    sound = read_wav(voice)
    first = windows(kept, sound, 0)
    later = windows(kept, sound.clone(), 8)
    assert len(heard) == 1
    assert torch.equal(later, windows(fresh, sound, 8)) and not torch.equal(later, first)
    other = windows(kept, torch.arange(len(sound)).div(20).sin(), 0)
    assert len(heard) == 3 and not torch.equal(other, first)
    assert torch.equal(windows(kept, sound, 0), first)


@pytest.mark.parametrize("tiled", [False, True])
def test_decoding_begins_at_nothing_and_ends_at_all_of_it(request_to, tmp_path, tiled):
    parts = tiny_components("17b")
    if tiled:
        parts.vae.enable_tiling(16, 16, 8, 8)
    steps = []

    class Listening(Silent):
        def progress(self, stage, step, count, *_):
            if stage == "decode":
                steps.append((step, count))

    Pipeline(parts, SETTINGS, CPU, cache=tmp_path).generate(request_to(tmp_path / "out"), Listening())
    assert steps == [(0, 2), (2, 2)] if tiled else [(0, 2), (1, 2), (2, 2)]


# A long take at toy size: windows of nine frames.
LONG = dataclasses.replace(
    SETTINGS,
    frames=dataclasses.replace(SETTINGS.frames, maximum={480: 9, 720: 9}),
    takes=dataclasses.replace(SETTINGS.takes, window=9, overlap=4),
)


class Watching(Silent):
    """Keeps what it is told, and takes pieces away as they come."""

    def __init__(self):
        self.steps, self.pieces, self.previews = [], [], []

    def progress(self, stage, step, count, per_step, eta):
        self.steps.append((stage, step, count, eta))

    def preview(self, path, step):
        self.previews.append(Image.open(path).copy())

    def frames(self, path, first, count):
        self.pieces.append((first, count, path.read_bytes()))
        path.unlink()


def test_a_long_take_leaves_in_pieces_that_are_the_same_frames(parts, request_to, tmp_path):
    request = dataclasses.replace(request_to(tmp_path / "whole"), frames=21)
    pipeline = Pipeline(parts, LONG, CPU, cache=tmp_path)
    whole = pipeline.generate(request, Silent())
    assert whole.windows == 3 and whole.path.stat().st_size == 21 * SIDE * SIDE * 3
    listener = Watching()
    pieces = pipeline.generate(dataclasses.replace(request, pieces=True, output_dir=tmp_path / "pieces"), listener)
    assert pieces.path is None and list((tmp_path / "pieces").iterdir()) == []
    assert [(first, count) for first, count, _ in listener.pieces] == [(0, 1), (1, 4), (5, 4), (9, 4), (13, 4), (17, 4)]
    assert b"".join(content for _, _, content in listener.pieces) == whole.path.read_bytes()


def test_a_long_take_tells_after_every_pass_that_it_goes_on_and_shows_its_first_frames_first(parts, request_to, tmp_path):
    request = dataclasses.replace(request_to(tmp_path / "out"), frames=21, steps=3, preview=True)
    listener = Watching()
    Pipeline(parts, dataclasses.replace(LONG, preview_every_steps=2), CPU, cache=tmp_path).generate(request, listener)
    told = [(step, count) for stage, step, count, _ in listener.steps if stage == "denoise"]
    passes = 3 * 3  # of the three that some step makes; a step itself makes two or three, in each of three windows
    assert told == sorted(told) and told[0] == (0, 3) and told[-1] == (3, 3) and 3 * 2 * 3 <= len(told) <= 3 * passes
    assert [eta for stage, *_, eta in listener.steps if stage == "denoise"][-1] == 0
    assert len(listener.previews) == 1


def test_whoever_reads_no_pieces_is_waited_for_and_a_cancel_leaves_none(parts, request_to, tmp_path, monkeypatch):
    monkeypatch.setattr("humo_engine.pipeline.MOST_PIECES", 3)
    request = dataclasses.replace(request_to(tmp_path / "out"), frames=21, pieces=True)

    class Idle(Watching):
        waited = 0

        def check(self):
            if len(self.pieces) == 3:
                self.waited += 1
                if self.waited == 3:
                    raise Cancelled

        def frames(self, path, first, count):
            self.pieces.append(path)

    listener = Idle()
    with pytest.raises(Cancelled):
        Pipeline(parts, LONG, CPU, cache=tmp_path).generate(request, listener)
    assert len(listener.pieces) == 3 and list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("frames", "windows"), [(5, 1), (129, 1), (133, 2), (501, 6)])
def test_what_the_model_does_not_see_at_once_is_made_of_windows(parts, request_to, tmp_path, frames, windows):
    pipeline = Pipeline(parts, SETTINGS, CPU, cache=tmp_path)
    size = dict(zip(("width", "height"), SETTINGS.size(480), strict=True))
    request = dataclasses.replace(request_to(tmp_path), frames=frames, **size)
    assert len(pipeline.windows(request)) == windows
    if frames == 133:
        larger = dict(zip(("width", "height"), SETTINGS.size(720), strict=True))
        assert len(pipeline.windows(dataclasses.replace(request, **larger))) == 1
