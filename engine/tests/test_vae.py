"""Pixels to latents and back, the faster form for CPUs, and the zero-video latents that are kept on disk."""

from __future__ import annotations

import copy

import pytest
import torch

from humo_engine.pipeline import Pipeline
from humo_engine.settings import load_settings
from humo_engine.tiny import draw_weights, tiny_components
from humo_engine.vae import build_vae, decode, decode_pieces, encode, latent_frames, speed_up_on_cpu


@pytest.fixture(scope="module")
def vae():
    return draw_weights(build_vae(4))


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(8))


@pytest.mark.parametrize(("frames", "latents"), [(1, 1), (5, 2), (97, 25), (129, 33)])
def test_latent_frames(frames, latents):
    assert latent_frames(frames) == latents


def test_shapes_there_and_back(vae):
    latents = encode(vae, drawn(3, 9, 24, 40).clamp(-1, 1))
    assert latents.shape == (16, 3, 3, 5) and latents.dtype == torch.float32
    assert decode(vae, latents).shape == (3, 9, 24, 40)


def test_latents_are_normalised_by_channel(vae):
    """Channel 0 has mean −0.7571 and deviation 2.8184, channel 15 −0.2921 and 1.9160."""
    pixels = drawn(3, 1, 16, 16).clamp(-1, 1)
    plain = vae.encode(pixels[None]).latent_dist.mode()[0]
    latents = encode(vae, pixels)
    torch.testing.assert_close(latents[0], (plain[0] + 0.7571) / 2.8184)
    torch.testing.assert_close(latents[15], (plain[15] + 0.2921) / 1.9160)


def test_pieces_are_one_frame_and_then_four_and_make_the_library_decode(vae):
    latents = drawn(16, 4, 3, 4)
    pieces = list(decode_pieces(vae, latents))
    assert [piece.shape[1] for piece in pieces] == [1, 4, 4, 4]
    joined = torch.cat(pieces, dim=1)
    assert torch.equal(joined, decode(vae, latents))
    mean, std = (torch.tensor(values)[None, :, None, None, None] for values in (MEAN, STD))
    library = vae.decode(latents[None] * std + mean, return_dict=False)[0][0]
    torch.testing.assert_close(joined.clamp(-1, 1), library, rtol=1e-5, atol=1e-5)


# Restated here, so that a slip in the module's own table shows.
MEAN = (-0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508, 0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497,
        0.2503, -0.2921)  # fmt: skip
STD = (2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743, 3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251,
       1.9160)  # fmt: skip


def test_the_vae_is_causal_and_a_decode_that_was_left_off_leaves_nothing(vae):
    latents = drawn(16, 3, 3, 4)
    whole = decode(vae, latents)
    started = decode_pieces(vae, latents.flip(1))
    next(started)
    started.close()
    torch.testing.assert_close(decode(vae, latents), whole, rtol=0, atol=0)
    torch.testing.assert_close(decode(vae, latents[:, :2]), whole[:, :5], rtol=1e-5, atol=1e-5)


def test_tiles_cover_the_picture_and_are_not_used_where_one_is_enough(vae):
    tiled = copy.deepcopy(vae)
    tiled.enable_tiling(
        tile_sample_min_height=64, tile_sample_min_width=64, tile_sample_stride_height=48, tile_sample_stride_width=48
    )
    wide, small = drawn(16, 2, 6, 18), drawn(16, 2, 8, 8)
    pieces = list(decode_pieces(tiled, wide))
    assert [tuple(piece.shape) for piece in pieces] == [(3, 5, 48, 144)]
    plain = decode(vae, wide).clamp(-1, 1)
    # Away from what a neighbouring tile would add, the first tile's corner is the same picture.
    assert torch.isfinite(pieces[0]).all() and (pieces[0].clamp(-1, 1) - plain).abs().mean() < 0.5 * plain.std()
    assert len(list(decode_pieces(tiled, small))) == 2
    assert torch.equal(decode(tiled, small), decode(vae, small))


@pytest.mark.parametrize("silent_taps", [(), (0, 1), (0, 2)])
def test_the_form_for_cpus_gives_the_same_within_rounding(vae, silent_taps):
    """Also of weights that look at some frames only, as those of `mini` do."""
    vae = copy.deepcopy(vae)
    for name, weight in vae.named_parameters():
        if weight.dim() == 5 and weight.shape[2] == 3 and "time_conv" not in name:
            weight.data[:, :, list(silent_taps)] = 0
    fast = speed_up_on_cpu(copy.deepcopy(vae))
    latents, pixels = drawn(16, 3, 3, 5), drawn(3, 9, 24, 40).clamp(-1, 1)
    for one, other in ((decode(fast, latents), decode(vae, latents)), (encode(fast, pixels), encode(vae, pixels))):
        assert ((one - other).norm() / other.norm()).item() < 1e-5
        assert one.shape == other.shape


@pytest.fixture
def pipeline(tmp_path):
    components = tiny_components("17b")
    return Pipeline(components, load_settings(profile="tiny"), torch.device("cpu"), cache=tmp_path)


def test_zero_video_is_the_encoding_of_grey_kept_on_disk_and_read_again(pipeline, tmp_path, monkeypatch):
    first = pipeline.zero_video(3, 48, 32)
    torch.testing.assert_close(first, encode(pipeline.components.vae, torch.zeros(3, 9, 32, 48)))
    files = list(tmp_path.rglob("*"))
    assert [file.suffix for file in files if file.is_file()] == [".safetensors"]

    def never(*_):
        raise AssertionError("encoded again")

    monkeypatch.setattr("humo_engine.vae.encode", never)
    assert torch.equal(pipeline.zero_video(3, 48, 32), first)
    with pytest.raises(AssertionError, match="encoded again"):  # another size is not the same
        pipeline.zero_video(3, 32, 48)


@pytest.mark.parametrize("damage", [b"", b"garbage", None], ids=["empty", "garbage", "cut"])
def test_a_damaged_file_of_zero_video_is_made_again(pipeline, tmp_path, damage):
    first = pipeline.zero_video(2, 32, 32)
    (file,) = tmp_path.rglob("*.safetensors")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert torch.equal(pipeline.zero_video(2, 32, 32), first)
    assert file.read_bytes() == whole


def test_zero_video_of_one_vae_is_not_used_with_another(pipeline, tmp_path):
    first = pipeline.zero_video(2, 32, 32)
    pipeline.components.vae = draw_weights(build_vae(4), seed=5)
    assert not torch.allclose(pipeline.zero_video(2, 32, 32), first)
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2
