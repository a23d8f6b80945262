"""The sampler: HuMo's flow schedule, and the loop that turns noise into video latents.

UniPC itself is diffusers'. Its settings are ours: order 2, bh2, flow prediction, x0 prediction, lower order at the end, and
the published sigmas, which differ from the defaults of diffusers at 28 of 50 steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from humo_engine.conditions import ClipConditions
from humo_engine.guidance import Pass, Scales, guidance_for
from humo_engine.model import HuMoTransformer

TRAINING_TIMESTEPS = 1000

StepCallback = Callable[[int, Tensor], None]
"""Called after each step with the number of steps done and the latents (16, frames, height, width)."""

Predict = Callable[[Tensor, Tensor, Pass], Tensor]
"""Latents (16, frames, height, width), a timestep (1,) and a pass → the velocity of the latents' shape."""


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


def draw_noise(seed: int, shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Standard normal noise, fp32, the same on every device: it is drawn on the CPU."""
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed), dtype=torch.float32).to(device)


@torch.no_grad()
def denoise(
    model: HuMoTransformer,
    family: str,
    mode: str,
    noise: Tensor,
    conditions: ClipConditions,
    *,
    steps: int,
    shift: float,
    first_sigma: float,
    scales: Scales,
    switch_timestep: int,
    before_pass: Callable[[], None] = lambda: None,
    after_step: StepCallback | None = None,
    predict: Predict | None = None,
) -> Tensor:
    """Noise (16, frames + references, height, width), fp32 → latents of the same shape, reference slots included.

    `before_pass` runs before every forward pass; what it raises ends the loop (that is how a clip is cancelled).
    `predict` is asked instead of the model, for what takes more than one look at it.
    Apart from what the callbacks do, the loop waits for the device at the end of each step only: UniPC sends its coefficients
    there and solves for them.
    """
    scheduler = make_scheduler(steps, shift, first_sigma, noise.device)
    timesteps = scheduler.timesteps.tolist()  # one transfer, before the loop
    latents = noise
    for index, timestep in enumerate(timesteps):
        guidance = guidance_for(family, mode, timestep, switch_timestep)
        velocities: Mapping[Pass, Tensor] = {}
        for which in guidance.passes:
            before_pass()
            now = scheduler.timesteps[index : index + 1]
            if predict is None:
                velocities[which] = model(conditions.with_references(latents, which), now, conditions[which])
            else:
                velocities[which] = predict(latents, now, which)
        velocity = guidance.combine(velocities, scales)
        latents = scheduler.step(velocity[None], timestep, latents[None], return_dict=False)[0][0]
        if after_step is not None:
            after_step(index + 1, latents)
    return latents
