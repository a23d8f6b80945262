"""A faster decode of the same VAE: bf16, channels-last, and no copies that only move zeros.

diffusers' module stays what it is, with its weights and its loop over latent frames; the layers below it get cheaper
forms of the same arithmetic. The error against fp32 is measured by `bench`.
"""

from __future__ import annotations

import types
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


def speed_up_decoder(vae: nn.Module, dtype: torch.dtype = torch.bfloat16, compile: bool = True) -> nn.Module:
    """Change the decoder of diffusers' AutoencoderKLWan in place to `dtype`, channels-last; returns it.

    Only decoding changes: the encoder keeps its type, since references and zero-video latents condition every step.
    """
    from diffusers.models.autoencoders import autoencoder_kl_wan as wan

    norm_silu = torch.compile(_norm_silu, dynamic=True) if compile else _norm_silu
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
                    _fuse(norm, norm_silu)
                module.nonlinearity = nn.Identity()
    decoder = vae.decoder
    _fuse(decoder.norm_out, norm_silu)
    decoder.nonlinearity = nn.Identity()
    return vae


def _fuse(norm: nn.Module, norm_silu: Any) -> None:
    # The gain is handed over as a tensor so that one compiled kernel serves all layers.
    gain = norm.gamma.detach().float() * norm.scale
    norm.forward = lambda x: norm_silu(x, gain.to(x.device))


def _norm_silu(x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """The decoder's norm over channels and the SiLU that always follows it, in fp32 inside."""
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
