"""Three functions: attention, rotary positions, and the sinusoidal embedding of time."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

ROPE_THETA = 10_000.0
TIME_PERIOD = 10_000.0


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Softmax attention without a mask. q (B, L, H, D), k and v (B, S, H, D) → (B, L, H·D).

    Which kernel runs is chosen around the whole pass, with `torch.nn.attention.sdpa_kernel`.
    """
    out = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
    return out.transpose(1, 2).flatten(2)


def rope_table(frames: int, height: int, width: int, head_dim: int, device: torch.device | str) -> tuple[Tensor, Tensor]:
    """Cosines (L, head_dim/2, 1) and sines (L, head_dim/2, 2) of the 3D rotary positions, fp32, L = frames·height·width.

    The pairs of a head are shared between time, height and width as 44/42/42 of 128 channels (Wan 2.1). Reference
    frames need nothing of their own: they continue the time index. The sines carry the signs that `rotate` needs.
    """
    axis_dim = head_dim // 6 * 2
    dims = (head_dim - 2 * axis_dim, axis_dim, axis_dim)
    angles = []
    for length, dim in zip((frames, height, width), dims, strict=True):
        # float64, since fp32 angles of the last positions would be off in the fourth digit
        frequency = ROPE_THETA ** -(torch.arange(0, dim, 2, dtype=torch.float64, device=device) / dim)
        angles.append(torch.arange(length, dtype=torch.float64, device=device)[:, None] * frequency)
    time, row, column = angles
    grid = (frames, height, width, -1)
    angle = torch.cat(
        [time[:, None, None].expand(grid), row[None, :, None].expand(grid), column[None, None].expand(grid)], dim=-1
    ).flatten(0, 2)
    sine = angle.sin().float()
    return angle.cos().float()[..., None], torch.stack((-sine, sine), dim=-1)


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn neighbouring (even, odd) channels of x (B, L, H, D) by the angles of a `rope_table`, in fp32.

    As x·cos + swapped(x)·(∓sin): the same sums as turning even and odd apart, but each channel comes from one
    expression, so a compiler writes norm and rotation in a single sweep.
    """
    pairs = x.float().unflatten(-1, (-1, 2))
    return (pairs * cosine[:, None] + pairs.flip(-1) * sine[:, None]).flatten(-2).to(x.dtype)


def time_embedding(t: Tensor, dim: int) -> Tensor:
    """Sinusoids of timesteps t (B,) in 0…1000, cosines first → (B, dim), fp32; computed in float64 as Wan 2.1 does."""
    half = dim // 2
    frequency = TIME_PERIOD ** -(torch.arange(half, dtype=torch.float64, device=t.device) / half)
    angle = t.double()[:, None] * frequency
    return torch.cat((angle.cos(), angle.sin()), dim=-1).float()
