"""A faster decode of the same VAE: bf16, channels-last, and no copies that only move zeros.

diffusers' module stays what it is, with its weights and its loop over latent frames; the layers below it get cheaper
forms of the same arithmetic. The error against fp32 is measured by `bench`. Nothing here is compiled for the shapes that happen
to come first: which form a later clip gets must not depend on what was decoded before it.
"""

from __future__ import annotations

import types
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

TILE = 2048  # values that one program of the fused norm keeps in registers


def speed_up_decoder(vae: nn.Module, dtype: torch.dtype = torch.bfloat16) -> nn.Module:
    """Change the decoder of diffusers' AutoencoderKLWan in place to `dtype`, channels-last; returns it. On a GPU norm and SiLU
    are one kernel.

    Only decoding changes: the encoder keeps its type, since references and zero-video latents condition every step.
    """
    from diffusers.models.autoencoders import autoencoder_kl_wan as wan

    for part in (vae.post_quant_conv, vae.decoder):
        part.to(dtype)
        for module in part.modules():
            if isinstance(module, wan.WanCausalConv3d):
                module.weight.data = module.weight.data.to(memory_format=torch.channels_last_3d)
                module.forward = types.MethodType(_causal_convolution, module)
            elif isinstance(module, nn.Conv2d):
                module.weight.data = module.weight.data.to(memory_format=torch.channels_last)
            elif isinstance(module, wan.WanUpsample):
                # Nearest neighbours are copies: going through fp32, as the original does, changes nothing but the time.
                module.forward = types.MethodType(nn.Upsample.forward, module)
            elif isinstance(module, wan.WanResidualBlock):
                for norm in (module.norm1, module.norm2):
                    _fuse(norm)
                module.nonlinearity = nn.Identity()
    decoder = vae.decoder
    _fuse(decoder.norm_out)
    decoder.nonlinearity = nn.Identity()
    return vae


def _fuse(norm: nn.Module) -> None:
    gain = norm.gamma.detach().float() * norm.scale

    def norm_silu(x: torch.Tensor) -> torch.Tensor:
        nonlocal gain
        if gain.device != x.device:  # a decoder is sped up before or after it moves
            gain = gain.to(x.device)
        return fused_norm_silu(x, gain) if x.is_cuda else plain_norm_silu(x, gain)

    norm.forward = norm_silu


def fused_norm_silu(x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """What `plain_norm_silu` computes, in one pass over memory. x (1, channels, frames, height, width) on a GPU."""
    from humo_engine.triton_kernels import norm_silu

    x = x.contiguous(memory_format=torch.channels_last_3d)
    channels = x.shape[1]
    rows, block = x.numel() // channels, 1 << (channels - 1).bit_length()
    together = max(1, TILE // block)
    out = torch.empty_like(x)
    norm_silu[(-(-rows // together),)](x, gain, out, rows, channels, ROWS=together, BLOCK=block, num_warps=4)
    return out


def plain_norm_silu(x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """The decoder's norm over channels and the SiLU that always follows it, in fp32 inside. `gain` is (channels, 1, 1, 1)."""
    wide = x.float()
    wide = wide / torch.linalg.vector_norm(wide, dim=1, keepdim=True).clamp(min=1e-12)
    return F.silu(wide * gain).to(x.dtype)


def _causal_convolution(conv: Any, x: torch.Tensor, cache_x: torch.Tensor | None = None) -> torch.Tensor:
    """WanCausalConv3d.forward, with the padding in height and width left to the convolution itself."""
    width, _, height, _, time, _ = conv._padding
    if cache_x is not None and time > 0:
        x = torch.cat([cache_x, x], dim=2)
        time -= cache_x.shape[2]
    if time > 0:
        x = F.pad(x, (0, 0, 0, 0, time, 0))
    return F.conv3d(x, conv.weight, conv.bias, conv.stride, (0, height, width))
