"""Loading from the official files: what is read makes the very clip that the parts make from which they were written."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import time
import wave
from pathlib import Path

import numpy as np
import pytest
import torch
from official_files import write_lock, write_official_files, write_transformer
from PIL import Image
from test_serve import Engine

from humo_engine import checkpoint, components, fast
from humo_engine.checkpoint import CheckpointError
from humo_engine.load import _place, load_pipelines
from humo_engine.memory.demand import Extent, demand_for
from humo_engine.memory.plan import Plan
from humo_engine.pipeline import Pipeline, Silent
from humo_engine.protocol import parse_request
from humo_engine.settings import load_settings
from humo_engine.tiny import tiny_components, tiny_size
from humo_engine.weights import lock
from humo_engine.weights.convert import convert
from humo_engine.weights.errors import WeightsError
from humo_engine.weights.present import ORIGINAL_17B, transformer_files

ROOT_FILE = Path(__file__).parents[2] / "generate.yaml"
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Both models' official files, made once, and the parts they were written from, by model."""
    root = tmp_path_factory.mktemp("official")
    parts = {family: tiny_components(family) for family in ("17b", "1_7b")}
    for own in parts.values():
        own.text_encoder.bfloat16()  # as the published file is
        write_official_files(root, own)
    return root, parts


@pytest.fixture
def toy_sizes(monkeypatch, tmp_path, written):
    """The official loader, told that the official models are small."""
    _, parts = written
    monkeypatch.setattr(components, "SIZES", {family: tiny_size(family) for family in parts})
    monkeypatch.setattr(components, "umt5_xxl_config", lambda: parts["17b"].text_encoder.config)
    monkeypatch.setattr(lock, "LOCK_FILE", write_lock(tmp_path / "lock.json"))
    # Small files have other sums than the published ones.
    monkeypatch.setattr(checkpoint, "pickles_are_safe", lambda version: True)


@pytest.fixture
def weights(toy_sizes, tmp_path, written):
    """A folder with these files, which a test may replace or delete, and not write into."""
    root, _ = written
    return shutil.copytree(root, tmp_path / "weights", copy_function=os.link)


def write_sound(file: Path, seconds: int) -> None:
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes((np.sin(np.arange(16_000 * seconds) / 9) * 9000).astype("<i2").tobytes())


def make_clip(pipeline: Pipeline, folder: Path, mode: str) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 60), "orange").save(folder / "man.png")
    write_sound(folder / "voice.wav", seconds=1)
    request = parse_request(
        {
            "id": "clip",
            "outputDir": str(folder / "out"),
            "request": {
                "prompt": "A man speaks", "negativePrompt": "blurred", "mode": mode, "model": pipeline.components.family,
                "images": [str(folder / "man.png")] if "I" in mode else [],
                "audio": str(folder / "voice.wav") if "A" in mode else None,
                "width": 64, "height": 48, "frames": 9, "steps": 2, "shift": 5.0, "scales": {}, "seed": 3,
            },
        },
        pipeline.settings,
        (pipeline.components.family,),
    )  # fmt: skip
    return pipeline.generate(request, Silent()).path.read_bytes()


@pytest.mark.parametrize("family", ["17b", "1_7b"])
def test_official_files_and_a_converted_copy_make_the_clip_of_the_parts_they_were_written_from(
    family, weights, written, tmp_path, heard_once
):
    settings = dataclasses.replace(load_settings(ROOT_FILE), precision="fp32")
    expected = make_clip(Pipeline(written[1][family], settings, CPU), tmp_path / "expected", "TIA")
    assert len(expected) == 64 * 48 * 9 * 3

    loaded = load_pipelines(settings, [family], weights, CPU)[family]
    assert loaded.components.weights == "official"
    found = make_clip(loaded, tmp_path / "found", "TIA")
    # The loader's VAE has the form for CPUs, which rounds differently: one step of 255 here and there.
    assert differences(found, expected).max() <= 1

    originals = transformer_files(weights, family)
    index = convert(weights, family, tell=lambda _: None)
    for file in originals:
        file.unlink()
    assert all(file.parent == index.parent for file in transformer_files(weights, family))
    converted = make_clip(load_pipelines(settings, [family], weights, CPU)[family], tmp_path / "converted", "TIA")
    assert 0 < differences(converted, found).mean() < 4  # bf16 rounding of the matrices, and nothing more


def differences(one: bytes, other: bytes) -> np.ndarray:
    """Of two clips, value by value."""
    a, b = (np.frombuffer(clip, np.uint8).astype(int) for clip in (one, other))
    return np.abs(a - b)


@pytest.mark.parametrize(
    "place",
    [
        components.VAE_FILE,
        components.TEXT_ENCODER_FILE,
        f"{components.TOKENIZER_FOLDER}/tokenizer.json",
        f"{components.TOKENIZER_FOLDER}/tokenizer_config.json",
        f"{components.WHISPER_FOLDER}/config.json",
        f"{components.WHISPER_FOLDER}/preprocessor_config.json",
        f"{components.WHISPER_FOLDER}/model.safetensors",
        ORIGINAL_17B.replace("humo.safetensors.index.json", "humo-00003-of-00007.safetensors"),
        ORIGINAL_17B,
    ],
)
def test_a_file_that_was_cut_off_is_named_with_the_command_that_fetches_it(weights, place):
    file = weights / place
    whole = file.read_bytes()
    file.unlink()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises((CheckpointError, WeightsError)) as caught:
        load_pipelines(load_settings(ROOT_FILE), ["17b"], weights, CPU)
    assert caught.value.code == "weights_missing"
    message = str(caught.value)
    assert any(named in message for named in (str(file), str(file.parent), f"- {place}")) and "weights download" in message


def test_two_models_share_all_but_the_transformer(weights):
    settings = dataclasses.replace(load_settings(ROOT_FILE), precision="fp32")
    both = load_pipelines(settings, ["17b", "1_7b"], weights, CPU)
    one, other = (both[family].components for family in ("17b", "1_7b"))
    assert one.text_encoder is other.text_encoder and one.whisper is other.whisper and one.vae is other.vae
    assert one.transformer.size.in_dim == 36 and other.transformer.size.in_dim == 16


def test_models_placed_by_one_plan_make_nearly_the_same_clips(monkeypatch, tmp_path, heard_once):
    """What happens on a GPU with little memory, here between main memory and main memory."""
    monkeypatch.setattr(fast, "keep_compiled_code", lambda: None)
    monkeypatch.setattr(fast, "compile_blocks", lambda blocks, device: None)
    settings = dataclasses.replace(load_settings(ROOT_FILE), precision="fp32")
    large, small = (tiny_components(family) for family in ("17b", "1_7b"))
    small = dataclasses.replace(large, family="1_7b", transformer=small.transformer)
    both = [Pipeline(parts, settings, CPU) for parts in (large, small)]
    expected = [make_clip(pipeline, tmp_path / "whole", "TIA") for pipeline in both]
    plan = Plan(demand_for(("17b", "1_7b"), Extent(64, 48, 9)), None, False, False, {"17b": 1, "1_7b": 0})
    for parts in (large, small):
        _place(parts, plan, parts is large, "fp32", CPU, None)
    for parts, streamed in ((large, 1), (small, 2)):
        assert sum(len(block._forward_pre_hooks) for block in parts.transformer.blocks) == streamed
    for pipeline, clip in zip(both, expected, strict=True):
        a, b = (np.frombuffer(made, np.uint8).astype(float) for made in (make_clip(pipeline, tmp_path / "placed", "TIA"), clip))
        assert np.abs(a - b).mean() < 4 < b.std()  # the decoder is in bf16 now, and nothing else has changed


@pytest.mark.skipif(
    "HUMO_FULL_SIZE" not in os.environ or not torch.cuda.is_available(), reason="needs a GPU and HUMO_FULL_SIZE=FOLDER"
)
def test_both_models_at_full_size_from_files_to_frames_in_one_serve():
    """Random weights of the real sizes in the official form on disk (60 GB of HUMO_FULL_SIZE), `serve`, and whole clips.

    Prints what BENCHMARKS.md tells. HUMO_FULL_STEPS shortens the clips; 17B's 50 steps take ten minutes on an H200.
    """
    folder, steps = Path(os.environ["HUMO_FULL_SIZE"]), int(os.environ.get("HUMO_FULL_STEPS", "50"))
    drafts = min(20, steps)
    root = folder / "weights"
    started = time.perf_counter()
    _write_full_size(root)
    print(f"\nfiles written in {time.perf_counter() - started:.0f} s", flush=True)
    with _serving(root, "1_7b", "17b") as engine:
        first = _clip(engine, folder, "draft", "1_7b", drafts)
        assert np.array_equal(_clip(engine, folder, "draft-again", "1_7b", drafts), first)
        _clip(engine, folder, "standard", "17b", steps)
        engine.send(_request(folder, "unwanted", "17b", 50))
        while engine.event().get("stage") != "denoise":
            pass
        started = time.perf_counter()
        engine.send({"type": "cancel", "id": "unwanted"})
        failed, _ = engine.outcome("unwanted")
        assert failed["code"] == "cancelled"
        print(f"cancelled after {time.perf_counter() - started:.1f} s", flush=True)
    with _serving(root, "1_7b") as engine:
        assert np.array_equal(_clip(engine, folder, "draft-after-restart", "1_7b", drafts), first)


@contextlib.contextmanager
def _serving(root: Path, *models: str):
    started = time.perf_counter()
    chosen = [argument for model in models for argument in ("--model", model)]
    engine = Engine(
        "--profile", "official", "--weights", str(root), *chosen, HUMO_WEIGHTS_LOCK=str(write_lock(root / "lock.json"))
    )
    engine.patience = 600
    try:
        ready = engine.event()
        assert ready is not None and ready["type"] == "ready" and ready["models"] == list(models), engine.log
        assert ready["weights"] == "official"
        print(f"ready after {time.perf_counter() - started:.1f} s", flush=True)
        yield engine
    finally:
        engine.stop()
        print("".join(engine.log), flush=True)


def _clip(engine: Engine, folder: Path, identity: str, model: str, steps: int) -> np.ndarray:
    """A clip of 97 frames at 832 × 480; prints its times."""
    started = time.perf_counter()
    engine.send(_request(folder, identity, model, steps))
    done, before = engine.outcome(identity)
    assert done["type"] == "done", engine.log
    figures = {"model": model, "steps": steps, "whole": round(time.perf_counter() - started, 1), **done["seconds"]}
    print(json.dumps({**figures, "peakGiB": done["peakGiB"]}), flush=True)
    frames = np.fromfile(done["frames"]["path"], np.uint8).reshape(97, 480, 832, 3)
    assert frames.std() > 5
    assert sum(event["type"] == "preview" for event in before) == (steps - 1) // 5
    return frames


def _write_full_size(root: Path) -> None:
    from humo_engine.bench.random_parts import random_components, random_transformer
    from humo_engine.bench.subject import Bench
    from humo_engine.model import SIZES

    device = torch.device("cuda")
    small = Bench(device, "1_7b", 832, 480, 97, SIZES["1_7b"], lambda **_: None)
    write_official_files(root, random_components(small, None))
    write_transformer(root, "17b", random_transformer(SIZES["17b"], torch.bfloat16, device))
    torch.cuda.empty_cache()


def _request(folder: Path, identity: str, model: str, steps: int) -> dict:
    Image.new("RGB", (600, 800), "orange").save(folder / "man.png")
    write_sound(folder / "voice.wav", seconds=4)
    request = {
        "prompt": "A man speaks to the camera", "negativePrompt": "blurred", "mode": "TIA", "model": model, "width": 832,
        "height": 480, "frames": 97, "steps": steps, "shift": 5.0, "scales": {}, "seed": 3, "preview": True,
        "images": [str(folder / "man.png")], "audio": str(folder / "voice.wav"),
    }  # fmt: skip
    return {"type": "generate", "id": identity, "request": request, "outputDir": str(folder / identity)}
