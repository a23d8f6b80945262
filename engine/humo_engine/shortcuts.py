"""Passes that a clip does without: differences of guidance that are kept, and whole steps that change little.

Neither is part of the published procedure, and neither is on unless a preset asks for it. Both work on what the loop has
anyway, so they cost nothing and hold for every way of making a pass.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from humo_engine.guidance import Pass, guidance_for
from humo_engine.sampling import Compute
from humo_engine.settings import Scales


@dataclass(frozen=True)
class Gating:
    """From these shares of the steps on, the difference that text or audio makes is no longer computed but kept; 1 is never."""

    text: float = 1.0
    audio: float = 1.0


@dataclass(frozen=True)
class Caching:
    """A step is skipped where its velocity is expected to differ by less than `threshold`, relative to its size.

    At most `in_a_row` steps are skipped one after another.
    """

    threshold: float
    in_a_row: int = 1


@dataclass
class Spared:
    """What a clip did without. `passes` were made."""

    passes: int = 0
    gated_passes: int = 0
    cached_steps: int = 0


class Shortcuts:
    """A guide that leaves passes out.

    Gating (after arXiv 2312.12487): the passes of a step form a chain, such as TIA, TI, null, and guidance is made of the
    differences between neighbours. Where a difference is gated, the later pass is not made: it is taken to be the
    earlier one less the difference that was last computed. Never while the early rule of guidance holds, and never with a
    difference from its time, since it has another base.

    Caching (after EasyCache, arXiv 2507.02860): between the last two steps that were computed, the velocity changed by some amount
    for each unit that the latents moved. With that rate, how far they moved since tells how much the velocity will have changed. The guided
    velocity is what is kept, so that there is one decision for all passes of a step: kept passes beside fresh ones would turn
    the small difference between them into noise.
    """

    def __init__(
        self,
        family: str,
        mode: str,
        scales: Scales,
        switch_timestep: int,
        steps: int,
        table: str = "full",
        gating: Gating | None = None,
        caching: Caching | None = None,
    ):
        self._guidance = partial(guidance_for, family, mode, switch_timestep=switch_timestep, table=table)
        self._scales, self._switch, self._steps = scales, switch_timestep, steps
        self._gating, self._caching = gating or Gating(), caching
        self._differences: dict[tuple[Pass, Pass], Tensor] = {}
        self._last: tuple[Tensor, Tensor] | None = None  # latents and velocity of the last step that was computed
        self._rate: float | None = None
        self._skipped_in_a_row = 0
        self.spared = Spared()

    def velocity(self, index: int, timestep: float, latents: Tensor, compute: Compute) -> Tensor:
        """As `Guide.velocity`."""
        if timestep <= self._switch and 0 < index < self._steps - 1 and self._changes_little(latents):
            self._skipped_in_a_row += 1
            self.spared.cached_steps += 1
            return self._last[1]
        velocity = self._computed(index, timestep, compute)
        if self._caching is not None:
            self._learn(timestep, latents, velocity)
        return velocity

    def _computed(self, index: int, timestep: float, compute: Compute) -> Tensor:
        guidance = self._guidance(timestep)
        pairs = list(itertools.pairwise(guidance.passes))
        gated = {pair for pair in pairs if self._is_gated(pair, index, timestep)}
        made = [guidance.passes[0], *(later for earlier, later in pairs if (earlier, later) not in gated)]
        velocities: dict[Pass, Tensor] = dict(compute(made))
        for earlier, later in pairs:
            if (earlier, later) in gated:
                velocities[later] = velocities[earlier] - self._differences[earlier, later]
            elif timestep <= self._switch and self._gating != Gating():
                self._differences[earlier, later] = velocities[earlier] - velocities[later]
        self.spared.passes += len(made)
        self.spared.gated_passes += len(gated)
        return guidance.combine(velocities, self._scales)

    def _is_gated(self, pair: tuple[Pass, Pass], index: int, timestep: float) -> bool:
        earlier, later = pair
        share = self._gating.text if earlier.text != later.text else self._gating.audio if earlier.audio != later.audio else 1.0
        return timestep <= self._switch and index >= share * self._steps and pair in self._differences

    def _changes_little(self, latents: Tensor) -> bool:
        if self._caching is None or self._rate is None or self._skipped_in_a_row >= self._caching.in_a_row:
            return False
        before, velocity = self._last
        return self._rate * _size(latents - before) < self._caching.threshold * _size(velocity)

    def _learn(self, timestep: float, latents: Tensor, velocity: Tensor) -> None:
        self._skipped_in_a_row = 0
        if timestep > self._switch:
            return
        if self._last is not None:
            moved = _size(latents - self._last[0])
            self._rate = _size(velocity - self._last[1]) / moved if moved > 0 else None
        self._last = latents, velocity


def expected_passes(family: str, mode: str, steps: int, table: str, gating: Mapping[str, float] | None) -> float:
    """Passes that a clip makes at most: the guidance table at every step, less what gating leaves out."""
    early, late = guidance_for(family, mode, 1000, 999, table), guidance_for(family, mode, 0, 999, table)
    whole = max(len(early.passes), len(late.passes)) * steps
    shares = gating or {}
    for earlier, later in itertools.pairwise(late.passes):
        share = (
            shares.get("text", 1.0)
            if earlier.text != later.text
            else shares.get("audio", 1.0)
            if earlier.audio != later.audio
            else 1.0
        )
        whole -= (1 - share) * steps
    return whole


def _size(tensor: Tensor) -> float:
    return tensor.norm().item()
