"""HuMo's transformer: Wan 2.1 with audio cross-attention and reference-image latents on the time axis.

A pass is `model(latents, timestep, conditions)`. All that a clip's passes share (text and audio keys and values of
every block, rotary tables, the extra input channels) is computed once by `prepare`, so a pass does nothing but the blocks.
Source: HuMo, arXiv 2509.08519, and its published checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from humo_engine.functional import rope_table, time_embedding
from humo_engine.layers import AudioProjection, Block, Head, KeysValues


@dataclass(frozen=True)
class ModelSize:
    """Everything that differs between the checkpoints. `in_dim` is 36 where conditions come as channels, else 16."""

    in_dim: int
    dim: int
    ffn_dim: int
    heads: int
    layers: int
    freq_dim: int = 256
    text_dim: int = 4096
    text_length: int = 512
    out_dim: int = 16
    patch: tuple[int, int, int] = (1, 2, 2)
    eps: float = 1e-6
    audio_window: tuple[int, int, int] = (8, 5, 1280)  # audio frames, groups of Whisper layers, Whisper's width
    audio_hidden: int = 512
    audio_tokens: int = 16
    audio_token_dim: int = 1536


SIZES = {
    "17b": ModelSize(in_dim=36, dim=5120, ffn_dim=13824, heads=40, layers=40),
    "1_7b": ModelSize(in_dim=16, dim=1536, ffn_dim=8960, heads=12, layers=30),
}


@dataclass
class Conditions:
    """What one kind of guidance pass is given, ready for the blocks. Made by `HuMoTransformer.prepare`."""

    channels: Tensor | None  # (in_dim − 16, frames, height, width), or None for models without such channels
    text: list[KeysValues]  # for each block, (1, text_length, heads, head_dim)
    audio: list[KeysValues]  # for each block, (frames, audio_tokens, heads, head_dim)
    rope: tuple[Tensor, Tensor]


class HuMoTransformer(nn.Module):
    """Predicts the flow velocity of video latents. Weights are fp32 or bf16; time, residuals and head are always fp32."""

    def __init__(self, size: ModelSize):
        super().__init__()
        self.size = size
        self.patch_embedding = nn.Conv3d(size.in_dim, size.dim, kernel_size=size.patch, stride=size.patch)
        self.text_embedding = nn.Sequential(
            nn.Linear(size.text_dim, size.dim), nn.GELU(approximate="tanh"), nn.Linear(size.dim, size.dim)
        )
        self.time_embedding = nn.Sequential(nn.Linear(size.freq_dim, size.dim), nn.SiLU(), nn.Linear(size.dim, size.dim))
        self.time_projection = nn.Sequential(nn.SiLU(), nn.Linear(size.dim, 6 * size.dim))
        self.blocks = nn.ModuleList(
            Block(size.dim, size.ffn_dim, size.heads, size.eps, size.audio_token_dim) for _ in range(size.layers)
        )
        self.audio_proj = AudioProjection(
            math.prod(size.audio_window), size.audio_hidden, size.audio_tokens, size.audio_token_dim
        )
        self.head = Head(size.dim, size.out_dim * math.prod(size.patch), size.eps)

    @property
    def compute_dtype(self) -> torch.dtype:
        return self.text_embedding[0].weight.dtype

    def embed_text(self, states: Tensor) -> list[KeysValues]:
        """UMT5 states (tokens, text_dim) → keys and values for each block. Zeros fill up to `text_length`, unmasked."""
        missing = self.size.text_length - states.shape[0]
        if missing < 0:
            raise ValueError(f"{states.shape[0]} text tokens; HuMo reads at most {self.size.text_length}")
        text = self.text_embedding(F.pad(states, (0, 0, 0, missing))[None].to(self.compute_dtype))
        return [block.cross_attn.keys_values(text) for block in self.blocks]

    def embed_audio(self, windows: Tensor, strength: Tensor | None = None) -> list[KeysValues]:
        """Audio windows (frames, *audio_window), reference frames included → keys and values for each block.

        `strength` (1,) scales what every block takes from the sound; None leaves it as the model was trained.
        """
        if windows.shape[1:] != self.size.audio_window:
            raise ValueError(f"audio windows are {tuple(windows.shape)}, not (frames, {self.size.audio_window})")
        tokens = self.audio_proj(windows.to(self.compute_dtype))
        pairs = [block.audio_cross_attn_wrapper.audio_cross_attn.keys_values(tokens) for block in self.blocks]
        # Attention is linear in its values, so scaling them once scales what every pass takes.
        return pairs if strength is None else [(keys, values * strength.to(values)) for keys, values in pairs]

    def positions(self, frames: int, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Rotary tables for latents of that size (height and width in latent pixels)."""
        _, patch_height, patch_width = self.size.patch
        if height % patch_height or width % patch_width:
            raise ValueError(f"latents of {height}×{width} cannot be cut into patches of {patch_height}×{patch_width}")
        device = self.patch_embedding.weight.device
        head_dim = self.size.dim // self.size.heads
        return rope_table(frames, height // patch_height, width // patch_width, head_dim, device)

    def forward(self, latents: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        """Latents (16, frames, height, width) and a timestep (1,) → velocity of the latents' shape, fp32."""
        return self.unpatch(self.patches(latents, timestep, conditions), latents.shape[1:])

    def patches(self, latents: Tensor, timestep: Tensor, conditions: Conditions) -> Tensor:
        """As `forward`, before the velocity's patches are put together: (1, L, out_dim · patch), fp32."""
        x, time, modulation = self.enter(latents, timestep, conditions)
        for block, text, audio in zip(self.blocks, conditions.text, conditions.audio, strict=True):
            x = block(x, modulation, conditions.rope, text, audio)
        return self.head(x, time)

    def enter(
        self,
        latents: Tensor,
        timestep: Tensor,
        conditions: Conditions,
        part: Callable[[Tensor], Tensor] = lambda patches: patches,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens (1, L, dim), time (1, dim) and its modulation of the blocks (1, 6, dim), all fp32. `part` chooses of the tokens."""
        if conditions.channels is not None:
            latents = torch.cat((latents, conditions.channels.to(latents.dtype)))
        _, height, width = self.size.patch
        patches = latents.to(self.compute_dtype).unfold(2, height, height).unfold(3, width, width)
        patches = patches.permute(1, 2, 3, 0, 4, 5).flatten(3).flatten(0, 2)  # (L, in_dim · patch)
        # The convolution's stride is its kernel, so it is a product; as one, it gives tokens that lie one after the other.
        x = F.linear(part(patches), self.patch_embedding.weight.flatten(1), self.patch_embedding.bias)[None].float()
        time = _apply_fp32(self.time_embedding, time_embedding(timestep, self.size.freq_dim))
        return x, time, _apply_fp32(self.time_projection, time).unflatten(1, (6, self.size.dim))

    def unpatch(self, patches: Tensor, shape: torch.Size) -> Tensor:
        """Patches (1, L, out_dim · patch) back to latents (out_dim, *shape)."""
        patch = self.size.patch
        grid = [length // step for length, step in zip(shape, patch, strict=True)]
        x = patches.view(*grid, *patch, self.size.out_dim)
        # (t, h, w, pt, ph, pw, c) → (c, t, pt, h, ph, w, pw)
        return x.permute(6, 0, 3, 1, 4, 2, 5).reshape(self.size.out_dim, *shape)


def _apply_fp32(layers: nn.Sequential, x: Tensor) -> Tensor:
    """Run linear layers in fp32 even where their weights are bf16: time is too coarse in bf16."""
    for layer in layers:
        x = F.linear(x, layer.weight.float(), layer.bias.float()) if isinstance(layer, nn.Linear) else layer(x)
    return x
