"""The profile `tiny`: the same weights everywhere, every stage real, and quick enough for a small CPU."""

from __future__ import annotations

import hashlib
import subprocess

import pytest
import torch
from PIL import Image

from humo_engine.cli import main
from humo_engine.model import SIZES
from humo_engine.tiny import draw_weight, tiny_components, tiny_size

PARTS = ("transformer", "text_encoder", "whisper", "vae")


def fingerprint(components) -> dict[str, str]:
    digests = {}
    for part in PARTS:
        digest = hashlib.sha256()
        for key, value in sorted(getattr(components, part).state_dict().items()):
            digest.update(key.encode() + value.numpy().tobytes())
        digests[part] = digest.hexdigest()
    return digests


def test_weights_are_the_same_on_every_build_and_differ_between_models():
    first = fingerprint(tiny_components("17b"))
    torch.manual_seed(1234)  # nothing depends on what was drawn before
    torch.randn(100)
    assert fingerprint(tiny_components("17b")) == first
    other = fingerprint(tiny_components("1_7b"))
    assert other["transformer"] != first["transformer"]
    assert all(other[part] == first[part] for part in PARTS if part != "transformer")


def test_a_weight_depends_on_its_name_shape_and_seed():
    weight = draw_weight("blocks.0.ffn.0.weight", (4, 9), 1)
    assert torch.equal(weight, draw_weight("blocks.0.ffn.0.weight", (4, 9), 1))
    for name, seed in (("blocks.1.ffn.0.weight", 1), ("blocks.0.ffn.0.weight", 2)):
        assert not torch.equal(weight, draw_weight(name, (4, 9), seed))


@pytest.mark.parametrize(
    ("key", "shape", "mean", "spread"),
    [
        ("blocks.0.modulation", (1, 6, 4000), 0.0, 0.1),
        ("blocks.0.ffn.0.weight", (400, 25), 0.0, 0.2),
        ("patch_embedding.weight", (500, 4, 1, 2, 2), 0.0, 0.25),
        ("blocks.0.norm3.weight", (20_000,), 1.0, 0.1),
        ("head.head.bias", (20_000,), 0.0, 0.02),
    ],
)
def test_weights_are_scaled_by_their_kind(key, shape, mean, spread):
    weight = draw_weight(key, shape, 3)
    assert weight.mean().item() == pytest.approx(mean, abs=0.01)
    assert weight.std().item() == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize("family", ["17b", "1_7b"])
def test_the_toy_has_the_structure_of_the_real_one(family):
    real, toy = SIZES[family], tiny_size(family)
    assert toy.dim // toy.heads == real.dim // real.heads == 128
    for name in ("in_dim", "out_dim", "patch", "audio_tokens", "audio_token_dim", "freq_dim"):
        assert getattr(toy, name) == getattr(real, name)
    assert tiny_components(family).whisper.config.encoder_layers == 32


def test_the_command_makes_a_clip_of_97_frames_of_a_picture_and_four_seconds_of_sound(tmp_path, capsys):
    Image.new("RGB", (64, 64), "orange").save(tmp_path / "man.png")
    sound = tmp_path / "voice.wav"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=200:duration=4", str(sound)], check=True)
    command = ["generate", "--profile", "tiny", "--prompt", "A man speaks", "--shape", "square", "steps=1"]
    command += ["--image", str(tmp_path / "man.png"), "--audio", str(sound), "--out", str(tmp_path / "clip.mp4")]
    status = main(command)
    assert status == 0 and "97 frames of 112×112" in capsys.readouterr().out
