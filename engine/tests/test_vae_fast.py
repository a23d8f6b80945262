"""The faster VAE decode is the same function: to rounding in fp32, and within bf16's error in bf16."""

from __future__ import annotations

import copy

import pytest
import torch

from humo_engine.vae import decode
from humo_engine.vae_fast import fused_norm_silu, plain_norm_silu, speed_up_decoder


@pytest.fixture(scope="module")
def vae():
    from diffusers import AutoencoderKLWan

    torch.manual_seed(0)
    vae = AutoencoderKLWan(base_dim=8, z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=1).eval().requires_grad_(False)
    for name, parameter in vae.named_parameters():  # fresh norms are all ones, which would hide a lost gain
        if name.endswith("gamma"):
            parameter.data = 1 + 0.3 * torch.randn_like(parameter)
    return vae


@pytest.mark.parametrize(("dtype", "limit"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
@pytest.mark.parametrize("frames", [1, 2, 4])
def test_fast_decode_equals_the_plain_one(vae, dtype, limit, frames):
    latents = torch.randn(16, frames, 6, 8, generator=torch.Generator().manual_seed(frames))
    with torch.no_grad():
        expected = decode(vae, latents)
        fast = decode(speed_up_decoder(copy.deepcopy(vae), dtype), latents)
    assert fast.shape == (3, 4 * frames - 3, 48, 64)
    assert ((fast.float() - expected).norm() / expected.norm()).item() < limit


def test_encoding_is_left_alone(vae):
    video = torch.rand(1, 3, 5, 32, 32) * 2 - 1
    fast = speed_up_decoder(copy.deepcopy(vae))
    with torch.no_grad():
        assert torch.equal(vae.encode(video).latent_dist.mode(), fast.encode(video).latent_dist.mode())


def test_tiling_never_reaches_the_encoder(vae):
    from humo_engine.vae import encode

    pixels = torch.rand(3, 1, 320, 288) * 2 - 1
    whole = encode(vae, pixels)
    tiled = copy.deepcopy(vae)
    tiled.enable_tiling()
    assert torch.equal(encode(tiled, pixels), whole) and tiled.use_tiling


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("channels", [96, 192, 384])
def test_the_fused_norm_is_the_plain_one(channels):
    torch.manual_seed(0)
    gain = 1 + 0.3 * torch.randn(channels, 1, 1, 1, device="cuda")
    for shape in ((1, channels, 1, 5, 7), (1, channels, 4, 6, 9)):
        x = torch.randn(shape, device="cuda", dtype=torch.bfloat16)
        for layout in (torch.contiguous_format, torch.channels_last_3d):
            out = fused_norm_silu(x.contiguous(memory_format=layout), gain)
            assert torch.allclose(out.float(), plain_norm_silu(x, gain).float(), rtol=1e-2, atol=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_first_decode_of_a_process_is_like_all_later_ones(vae):
    """Also after another size came in between: nothing remembers which shapes came first."""
    fast = speed_up_decoder(copy.deepcopy(vae).cuda())
    latents = torch.randn(16, 4, 6, 8, generator=torch.Generator().manual_seed(1)).cuda()
    first = decode(fast, latents)
    decode(fast, latents[:, :2, :4, :4].contiguous())
    assert torch.equal(decode(fast, latents), first)
