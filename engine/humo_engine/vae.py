"""Pixels to latents and back. The VAE is diffusers' Wan VAE; its checkpoint is Wan's original pickle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

# Latents are normalised per channel with these (Wan 2.1).
MEAN = (-0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508,
        0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921)  # fmt: skip
STD = (2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
       3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160)  # fmt: skip
LATENT_CHANNELS = 16
SPATIAL_STRIDE = 8
TEMPORAL_STRIDE = 4
TILED_LATENTS = 41  # as many as the longest clip that goes through the model at once
TILED_LEAD = 4


def build_vae(base_dim: int = 96):
    """A Wan VAE of the given width (96 in the official one), with weights as the library draws them."""
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan

    return AutoencoderKLWan(base_dim=base_dim, z_dim=LATENT_CHANNELS).eval().requires_grad_(False)


def load_original_vae(state: Mapping[str, Tensor]):
    """A VAE from the keys of Wan2.1_VAE.pth. Raises RuntimeError naming every missing or unexpected key."""
    from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers

    if "encoder.conv1.weight" not in state:
        raise KeyError("the VAE's checkpoint lacks the key 'encoder.conv1.weight'")
    with torch.device("meta"):
        vae = build_vae(state["encoder.conv1.weight"].shape[0])
    vae.load_state_dict(convert_wan_vae_to_diffusers(dict(state)), strict=True, assign=True)
    return vae.eval().requires_grad_(False)


def latent_frames(frames: int) -> int:
    """Latent frames of 4k + 1 video frames: k + 1."""
    return (frames - 1) // TEMPORAL_STRIDE + 1


@torch.no_grad()
def encode(vae, pixels: Tensor) -> Tensor:
    """Pixels (3, frames, height, width) in [−1, 1] → normalised latents (16, latent frames, height / 8, width / 8), fp32."""
    weight = vae.encoder.conv_in.weight
    tiling, vae.use_tiling = vae.use_tiling, False  # seams in a decoded frame are slight; in a condition they reach every frame
    try:
        mean = vae.encode(pixels[None].to(weight.device, weight.dtype)).latent_dist.mode()[0].float()
    finally:
        vae.use_tiling = tiling
    return (mean - _per_channel(MEAN, mean)) / _per_channel(STD, mean)


@torch.no_grad()
def decode_pieces(vae, latents: Tensor) -> Iterator[Tensor]:
    """Normalised latents (16, n, h, w) → pixels (3, 1, 8h, 8w) and then (3, 4, 8h, 8w) for each further latent frame, fp32.

    The VAE is causal in time, so frames can leave the device as they are made. Values may overshoot [−1, 1] a little.
    With the library's tiling switched on, the frames of up to TILED_LATENTS latent frames come in one piece, joined from overlapping tiles.
    """
    from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d

    conv = vae.decoder.conv_in.weight
    latents = latents.float() * _per_channel(STD, latents) + _per_channel(MEAN, latents)
    latents = latents[None].to(conv.device, conv.dtype)
    tile = (vae.tile_sample_min_height // SPATIAL_STRIDE, vae.tile_sample_min_width // SPATIAL_STRIDE)
    if vae.use_tiling and (latents.shape[-2] > tile[0] or latents.shape[-1] > tile[1]):
        yield from _decode_tiled(vae, latents)
        return
    # Of each causal convolution, in the order in which they run: the last frames that it saw.
    cache = [None] * sum(isinstance(module, WanCausalConv3d) for module in vae.decoder.modules())
    for index in range(latents.shape[2]):
        first = {"first_chunk": True} if index == 0 else {}
        piece = vae.post_quant_conv(latents[:, :, index : index + 1])
        yield vae.decoder(piece, feat_cache=cache, feat_idx=[0], **first)[0].float()


def _decode_tiled(vae, latents: Tensor) -> Iterator[Tensor]:
    """Latents (1, 16, n, h, w), as the VAE takes them → pixels in pieces whose size does not grow with n.

    The library decodes each tile over all frames. Of a long take that would be the whole video in memory several times over, so it goes
    through in stretches; each begins some latent frames early, whose pixels are dropped, since what a frame looks like depends
    on those before it.
    """
    for start in range(0, latents.shape[2], TILED_LATENTS):
        lead = min(start, TILED_LEAD)
        pixels = vae.decode(latents[:, :, start - lead : start + TILED_LATENTS], return_dict=False)[0][0].float()
        yield pixels[:, TEMPORAL_STRIDE * (lead - 1) + 1 :] if lead else pixels


def decode(vae, latents: Tensor) -> Tensor:
    """Normalised latents (16, n, h, w) → pixels (3, 4(n − 1) + 1, 8h, 8w), fp32. See `decode_pieces`."""
    return torch.cat(list(decode_pieces(vae, latents)), dim=1)


def speed_up_on_cpu(vae):
    """Change the VAE's layers in place to forms that CPUs run many times as fast; returns it. The result differs by rounding alone.

    3D convolutions become sums of 2D ones: oneDNN takes those, while 3D ones fall back to an unoptimised loop. A tap in time whose
    weights are all zero adds nothing and is left out; weights are those of now. The norm over channels is a sum of squares, since
    torch's norm along that dimension is not vectorised.
    """
    from diffusers.models.autoencoders import autoencoder_kl_wan as wan

    for module in vae.modules():
        if isinstance(module, wan.WanCausalConv3d):
            module.forward = partial(_convolve_frames, module, _taps_that_count(module.weight))
        elif isinstance(module, wan.WanRMS_norm):
            module.forward = partial(_normalise_channels, module)
    return vae


def _taps_that_count(weight: Tensor) -> tuple[int, ...]:
    """Which places in time of a convolution's weight (out, in, time, h, w) are not zero throughout; the last where all are."""
    taps = weight.shape[2]
    return tuple(tap for tap in range(taps) if bool((weight[:, :, tap] != 0).any())) or (taps - 1,)


def _convolve_frames(conv, live: tuple[int, ...], x: Tensor, cache_x: Tensor | None = None) -> Tensor:
    """WanCausalConv3d.forward on x (1, channels, frames, h, w), the frames before it in cache_x; `live` are the taps that count."""
    width, _, height, _, before, _ = conv._padding
    taps, stride = conv.weight.shape[2], conv.stride[0]
    if live == (taps - 1,) and before == taps - 1 and stride == 1:
        frames, first = x[0].transpose(0, 1), taps - 1  # what came before has no say
    else:
        if cache_x is not None and before > 0:
            x = torch.cat([cache_x, x], dim=2)
            before -= cache_x.shape[2]
        if before > 0:
            x = F.pad(x, (0, 0, 0, 0, before, 0))
        frames, first = x[0].transpose(0, 1), 0  # frames as a batch
    last = frames.shape[0] + first - taps
    total = None
    for tap in live:
        bias = conv.bias if total is None else None
        seen = frames[tap - first : tap - first + last + 1 : stride]
        part = F.conv2d(seen, conv.weight[:, :, tap], bias, conv.stride[1:], (height, width))
        total = part if total is None else total.add_(part)
    return total.transpose(0, 1)[None]


def _normalise_channels(norm, x: Tensor) -> Tensor:
    """WanRMS_norm.forward on x (n, channels, …)."""
    length = x.square().sum(1, keepdim=True).sqrt_().clamp_(min=1e-12)
    scaled = (x * (norm.scale / length)).mul_(norm.gamma)
    return scaled + norm.bias if isinstance(norm.bias, Tensor) else scaled


def _per_channel(values: tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=like.device)[:, None, None, None]
