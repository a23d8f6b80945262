"""What lies on the GPU and what waits in main memory, decided before anything is loaded, once for all models of a process.

The decision is a pure function of sizes and a limit. Everything stays on the GPU if it fits; otherwise the text encoder
leaves, then Whisper, then as many transformer blocks as must, those of the model named first last. What left passes through
the GPU layer by layer when it is used (see `streaming`). What a process keeps is the same whichever model works.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from humo_engine.memory.demand import SLOTS, Demand, Extent, Work, demand_for, work_for
from humo_engine.units import GIB, gibibytes

if TYPE_CHECKING:
    from humo_engine.model import ModelSize
    from humo_engine.settings import Settings

CONTEXT_BYTES = int(0.75 * GIB)  # the CUDA context and the libraries' own memory, which no allocator counts
MARGIN = 0.04  # of the limit, for what the caching allocator holds between the tensors


class DoesNotFit(RuntimeError):
    """Even with everything outside, the limit is too small. `code` is the protocol's failure code."""

    code = "out_of_memory"


@dataclass(frozen=True)
class Plan:
    """Where things go. `resident` blocks of each model stay on the GPU; `limit` is in bytes, None without one."""

    demand: Demand
    limit: int | None
    text_encoder_on_gpu: bool
    whisper_on_gpu: bool
    resident: Mapping[str, int]

    def streamed(self, model: str) -> int:
        """Blocks of `model` that stay outside."""
        return self.demand.transformers[model].blocks - self.resident[model]

    @property
    def persistent(self) -> int:
        """Bytes that stay on the GPU between requests, the CUDA context included."""
        demand = self.demand
        return (
            CONTEXT_BYTES
            + demand.vae
            + (demand.text_encoder if self.text_encoder_on_gpu else 0)
            + (demand.whisper if self.whisper_on_gpu else 0)
            + sum(
                weights.fixed + (self.resident[model] + min(SLOTS, self.streamed(model))) * weights.block
                for model, weights in demand.transformers.items()
            )
        )

    @property
    def main_memory(self) -> int:
        """Bytes of weights that stay in main memory. While they load, as much as the largest transformer comes on top."""
        demand = self.demand
        return (
            (0 if self.text_encoder_on_gpu else demand.text_encoder)
            + (0 if self.whisper_on_gpu else demand.whisper)
            + sum(self.streamed(model) * weights.block for model, weights in demand.transformers.items())
        )

    @property
    def peaks(self) -> dict[str, int]:
        """Bytes on the GPU by stage of the largest clip, the CUDA context included."""
        work = self.demand.work
        decode = work.decode_tiled if self.tiles(work) else work.decode
        return {
            stage: self.persistent + size
            for stage, size in (("encode", work.encode), ("denoise", work.denoise), ("decode", decode))
        }

    def fits(self, needed: int) -> bool:
        """Whether there is room for `needed` bytes beside what stays."""
        return self.limit is None or self.persistent + needed <= self.limit * (1 - MARGIN)

    def tiles(self, work: Work) -> bool:
        """Whether a clip has to be decoded in tiles. They take longer and leave slight seams, so only where the whole does not fit."""
        return not self.fits(work.decode)

    def left(self, needed: int) -> int | None:
        """Bytes that are left beside what stays and `needed`, at least 0; None without a limit."""
        return None if self.limit is None else max(0, int(self.limit * (1 - MARGIN)) - self.persistent - needed)

    def limit_for(self, work: Work) -> int:
        """The least limit in bytes under which a clip would fit beside what stays."""
        return int((self.persistent + work.least) / (1 - MARGIN))


def make_plan(demand: Demand, limit: int | None) -> Plan:
    """The plan that keeps the most on the GPU within `limit` bytes. Pure. DoesNotFit if there is none."""
    work = demand.work
    plan = Plan(demand, limit, True, True, {model: weights.blocks for model, weights in demand.transformers.items()})
    for step in ({}, {"text_encoder_on_gpu": False}, {"whisper_on_gpu": False}):
        plan = replace(plan, **step)
        if plan.fits(max(work.encode, work.denoise, work.decode)):
            return plan
    for model in reversed(plan.resident):
        for resident in range(demand.transformers[model].blocks, -1, -1):
            plan = replace(plan, resident={**plan.resident, model: resident})
            if plan.fits(work.least):
                return plan
    raise DoesNotFit(
        f"{gibibytes(limit or 0)} are not enough: with everything but two blocks of each model in main memory, {demand.extent} needs "
        f"{gibibytes(plan.limit_for(work))}. Raise memoryLimitGiB or choose a smaller size"
    )


def plan_for(settings: Settings, models: Sequence[str], limit: int | None) -> Plan:
    """The plan for `models` in one process, the first being the most important, and the largest clips that can be had at all.

    Those are the largest that `generate.yaml` permits; where they do not fit, smaller kinds. DoesNotFit if nothing does.
    """
    *larger, smallest = _largest_clips(settings)
    for extent in larger:
        try:
            return make_plan(demand_for(models, extent, settings.precision), limit)
        except DoesNotFit:
            continue
    return make_plan(demand_for(models, smallest, settings.precision), limit)


def refusal(plan: Plan, size: ModelSize, extent: Extent, settings: Settings) -> str | None:
    """Why a model of `size` cannot make a clip of `extent` under `plan`, and what it could make; None where it can."""
    work = work_for(size, extent)
    if plan.fits(work.least):
        return None
    nearest = next(smaller for smaller in _smaller(extent, settings, plan) if plan.fits(work_for(size, smaller).least))
    return f"{extent} needs {gibibytes(plan.limit_for(work))}, and there are {gibibytes(plan.limit or 0)}; what fits is {nearest}"


def _largest_clips(settings: Settings) -> Iterator[Extent]:
    """Kinds of clips to plan for, from the largest: each number of lines at the longest, then as most people ask for it."""
    from humo_engine.protocol import MAXIMUM_REFERENCES

    for lines in sorted(settings.sizes, reverse=True):
        width, height = max(settings.sizes[lines].values(), key=_area)
        yield Extent(width, height, settings.frames.maximum[lines], MAXIMUM_REFERENCES)
        yield Extent(width, height, settings.frames.default)


def _smaller(extent: Extent, settings: Settings, plan: Plan) -> Iterator[Extent]:
    """Clips like `extent` with less of one thing, then the one that was planned for, which always fits."""
    from humo_engine.settings import FRAME_STEP

    yield from (replace(extent, references=count) for count in range(extent.references - 1, 0, -1))
    yield from (
        replace(extent, frames=count) for count in range(extent.frames - FRAME_STEP, settings.frames.minimum - 1, -FRAME_STEP)
    )
    sizes = (size for row in settings.sizes.values() for size in row.values() if _area(size) < extent.width * extent.height)
    yield from (replace(extent, width=width, height=height) for width, height in sorted(sizes, key=_area, reverse=True))
    yield plan.demand.extent


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]
