"""The sampler: HuMo's flow schedule, and the loop that turns noise into video latents.

UniPC itself is diffusers'. Its settings are ours: order 2, bh2, flow prediction, x0 prediction, lower order at the end, and
the published sigmas, which differ from the defaults of diffusers at 28 of 50 steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from humo_engine.conditions import ClipConditions
from humo_engine.guidance import Pass, guidance_for
from humo_engine.model import HuMoTransformer
from humo_engine.settings import Scales

TRAINING_TIMESTEPS = 1000
FRESH_NOISE = 0x5EED_0FF5E7
"""Sets the seed of noise that is added on the way apart from the seeds of the noise that clips begin with."""

StepCallback = Callable[[int, Tensor], None]
"""Called after each step with the number of steps done and the latents (16, frames, height, width)."""


def make_scheduler(steps: int, shift: float, first_sigma: float, device: torch.device | str = "cpu"):
    """UniPC for `steps` steps. sigmas: linspace(first_sigma, 0) without its end, then shift·σ / (1 + (shift − 1)·σ), then 0."""
    from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    scheduler = UniPCMultistepScheduler(
        num_train_timesteps=TRAINING_TIMESTEPS,
        solver_order=2,
        solver_type="bh2",
        prediction_type="flow_prediction",
        predict_x0=True,
        lower_order_final=True,
        use_flow_sigmas=True,
        flow_shift=shift,
        final_sigmas_type="zero",
    )
    # The first sigma went through fp32 where the model was trained; without that, the last digit of some sigmas differs.
    scheduler.set_timesteps(sigmas=np.linspace(float(np.float32(first_sigma)), 0, steps + 1)[:-1], device=device)
    # Otherwise it looks up its place by the first timestep, and takes the second of that number where sigmas lie close together.
    scheduler.set_begin_index(0)
    return scheduler


def make_few_step_scheduler(steps: int, shift: float, device: torch.device | str = "cpu"):
    """The consistency sampler of step-distilled weights: at each step it predicts the end, and adds fresh noise to it.

    Sigmas are evenly spaced from 1, then shifted: four steps are the timesteps 1000, 750, 500 and 250, shifted, that LightX2V's four-step
    weights were distilled for (Wan2.1-Distill-Loras).
    """
    from diffusers.schedulers.scheduling_flow_match_lcm import FlowMatchLCMScheduler

    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    scheduler = FlowMatchLCMScheduler(num_train_timesteps=TRAINING_TIMESTEPS, shift=1.0)
    line = np.linspace(1.0, 0.0, steps + 1)[:-1]
    scheduler.set_timesteps(sigmas=(shift * line / (1 + (shift - 1) * line)).tolist(), device=device)
    scheduler.set_begin_index(0)
    return scheduler


def draw_noise(seed: int, shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Standard normal noise, fp32, the same on every device: it is drawn on the CPU."""
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed), dtype=torch.float32).to(device)


class Predictor(Protocol):
    """Who makes the passes: the model on one GPU, on several, or window by window."""

    def rounds(self, passes: Sequence[Pass]) -> Sequence[tuple[Pass, ...]]:
        """The passes of one step in groups that are made together, in order. The loop may be ended before each group."""
        ...

    def predict(self, latents: Tensor, timestep: Tensor, passes: tuple[Pass, ...]) -> Sequence[Tensor]:
        """Latents (16, frames + references, height, width) and a timestep (1,) → for each pass of a group a velocity of that shape."""
        ...


class WholeClip:
    """The whole clip in one forward pass of the model, a pass at a time."""

    def __init__(self, model: HuMoTransformer, conditions: ClipConditions):
        self._model, self._conditions = model, conditions

    def rounds(self, passes: Sequence[Pass]) -> Sequence[tuple[Pass, ...]]:
        return [(which,) for which in passes]

    def predict(self, latents: Tensor, timestep: Tensor, passes: tuple[Pass, ...]) -> Sequence[Tensor]:
        return [
            self._model(self._conditions.with_references(latents, which), timestep, self._conditions[which]) for which in passes
        ]


Compute = Callable[[Sequence[Pass]], Mapping[Pass, Tensor]]
"""Makes the passes named at the step under way, and returns their velocities."""


class Guide(Protocol):
    """Decides at each step which passes are made, and what comes of them."""

    def velocity(self, index: int, timestep: float, latents: Tensor, compute: Compute) -> Tensor:
        """The guided velocity at step `index`, counted from 0, whose timestep is `timestep`."""
        ...


class EveryPass:
    """The published procedure: every pass of the guidance table, at every step."""

    def __init__(self, family: str, mode: str, scales: Scales, switch_timestep: int, table: str = "full"):
        self._scales = scales
        self._guidance = partial(guidance_for, family, mode, switch_timestep=switch_timestep, table=table)

    def velocity(self, index: int, timestep: float, latents: Tensor, compute: Compute) -> Tensor:
        guidance = self._guidance(timestep)
        return guidance.combine(compute(guidance.passes), self._scales)


@torch.no_grad()
def denoise(
    predictor: Predictor,
    guide: Guide,
    noise: Tensor,
    *,
    steps: int,
    shift: float,
    first_sigma: float,
    sampler: str = "unipc",
    seed: int = 0,
    before_pass: Callable[[], None] = lambda: None,
    after_step: StepCallback | None = None,
) -> Tensor:
    """Noise (16, frames + references, height, width), fp32 → latents of the same shape, reference slots included.

    `sampler` is one of `settings.SAMPLERS`; the fresh noise of `lcm` depends on `seed`.
    `before_pass` runs before every group of passes; what it raises ends the loop (that is how a clip is cancelled).
    Apart from what the callbacks do, the loop waits for the device at the end of each step only: UniPC sends its coefficients
    there and solves for them.
    """
    more: dict[str, Any] = {}
    if sampler == "lcm":
        scheduler = make_few_step_scheduler(steps, shift, noise.device)
        more["generator"] = torch.Generator("cpu").manual_seed(seed ^ FRESH_NOISE)
    else:
        scheduler = make_scheduler(steps, shift, first_sigma, noise.device)
    timesteps = scheduler.timesteps.tolist()  # one transfer, before the loop
    latents = noise
    for index, timestep in enumerate(timesteps):

        def compute(passes: Sequence[Pass], latents: Tensor = latents, index: int = index) -> Mapping[Pass, Tensor]:
            velocities: dict[Pass, Tensor] = {}
            for group in predictor.rounds(passes):
                before_pass()
                predicted = predictor.predict(latents, scheduler.timesteps[index : index + 1], group)
                velocities.update(zip(group, predicted, strict=True))
            return velocities

        velocity = guide.velocity(index, timestep, latents, compute)
        latents = scheduler.step(velocity[None], timestep, latents[None], return_dict=False, **more)[0][0]
        if after_step is not None:
            after_step(index + 1, latents)
    return latents
