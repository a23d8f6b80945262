"""What is measured: a model, at a size, on a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from humo_engine.bench.measure import token_count
from humo_engine.conditions import ClipConditions
from humo_engine.fast import compile_blocks, fastest_attention
from humo_engine.guidance import TIA
from humo_engine.model import HuMoTransformer, ModelSize
from humo_engine.tiny import tiny_size
from humo_engine.vae import LATENT_CHANNELS, SPATIAL_STRIDE, latent_frames

TOY_SIZE, TOY_FRAMES = (64, 48), 5


@dataclass(frozen=True)
class Bench:
    """What is measured: where, which model, at which size. `emit` takes the fields of one line."""

    device: torch.device
    family: str
    width: int
    height: int
    frames: int
    size: ModelSize
    emit: Callable[..., None]

    @property
    def tokens(self) -> int:
        return token_count(self.frames, self.width, self.height)

    @property
    def dtype(self) -> torch.dtype:
        return torch.bfloat16 if self.device.type == "cuda" else torch.float32

    @property
    def latent_shape(self) -> tuple[int, int, int, int]:
        """(16, frames, height, width) of the latents, one reference frame included."""
        frames = latent_frames(self.frames) + 1
        return LATENT_CHANNELS, frames, self.height // SPATIAL_STRIDE, self.width // SPATIAL_STRIDE

    @property
    def shown_size(self) -> str:
        """The size as a line says it."""
        return f"{self.width}×{self.height}"

    def shown_precision(self, asked: str) -> str:
        """The precision that is measured where another was asked for: without a GPU, fp32."""
        return asked if self.device.type == "cuda" else "fp32"

    def at(self, size: tuple[int, int]) -> Bench:
        """The same at another (width, height)."""
        return replace(self, width=size[0], height=size[1])


@dataclass(frozen=True)
class Choices:
    """What a run was asked for: (width, height) of each size, and how. `write` takes a whole line.

    `budget`, in seconds, is that of the cases gpus and clip, each: after it, rows that are left are skipped.
    """

    sizes: tuple[tuple[int, int], ...]
    precisions: tuple[str, ...]
    limits: tuple[int, ...]
    write: Callable[[str], None]
    budget: float | None = None


def toy(family: str) -> ModelSize:
    """The size of a model without a GPU."""
    return tiny_size(family)


def make_fast(bench: Bench, model: HuMoTransformer) -> None:
    """Compile the blocks on a GPU, as the engine does: on a CPU that takes longer than it saves."""
    if bench.device.type == "cuda":
        compile_blocks(model.blocks, bench.device)


def forward(bench: Bench, model: HuMoTransformer, latents: torch.Tensor, conditions: ClipConditions) -> torch.Tensor:
    """One TIA pass at timestep 900."""
    timestep = torch.full((1,), 900, device=bench.device)
    with torch.no_grad(), fastest_attention(bench.device, model.compute_dtype):
        return model(latents, timestep, conditions[TIA])
