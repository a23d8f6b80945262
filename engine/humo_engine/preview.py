"""A quick look at a clip while it is made: latents to colours by one small matrix, without the VAE."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor

# RGB on [−1, 1] ≈ latent · FACTORS + BIAS, fitted to the Wan 2.1 VAE.
FACTORS = (
    (-0.1299, -0.1692, 0.2932), (0.0671, 0.0406, 0.0442), (0.3568, 0.2548, 0.1747), (0.0372, 0.2344, 0.1420),
    (0.0313, 0.0189, -0.0328), (0.0296, -0.0956, -0.0665), (-0.3477, -0.4059, -0.2925), (0.0166, 0.1902, 0.1975),
    (-0.0412, 0.0267, -0.1364), (-0.1293, 0.0740, 0.1636), (0.0680, 0.3019, 0.1128), (0.0032, 0.0581, 0.0639),
    (-0.1251, 0.0927, 0.1699), (0.0060, -0.0633, 0.0005), (0.3477, 0.2275, 0.2950), (0.1984, 0.0913, 0.1861),
)  # fmt: skip
BIAS = (-0.1835, -0.0868, -0.3360)
ENLARGEMENT = 4
QUALITY = 85


def project(latents: Tensor) -> Tensor:
    """Latents (16, h, w) of one frame → colours (h, w, 3), uint8, on the CPU."""
    factors = torch.tensor(FACTORS, device=latents.device)
    colours = torch.einsum("chw,cr->hwr", latents.float(), factors) + torch.tensor(BIAS, device=latents.device)
    return ((colours.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu()


def write_preview(latents: Tensor, path: Path) -> None:
    """Write the middle frame of latents (16, frames, h, w) as a JPEG, enlarged so that a person sees something."""
    from PIL import Image

    image = Image.fromarray(project(latents[:, latents.shape[1] // 2]).numpy())
    size = (image.width * ENLARGEMENT, image.height * ENLARGEMENT)
    partial = path.with_suffix(".part")
    image.resize(size, Image.Resampling.BICUBIC).save(partial, format="JPEG", quality=QUALITY)
    os.replace(partial, path)
