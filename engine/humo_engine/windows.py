"""A take longer than the model sees at once: windows of the training length, denoised together and blended at every step.

All windows share one set of latents. A pass predicts the velocity of each window by itself; where windows overlap, the
velocities are mixed by ramps, so that neighbours agree more with every step and no seam is left to see (MultiDiffusion,
arXiv 2302.08113, along time). For the model every window is a clip of its own: positions begin at its first frame, the
references stand at its end with silence beside them, and it hears its own slice of a sound that was listened to as a whole.

How long a window is and how far two overlap are an owner's numbers: `takes` in `generate.yaml`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from humo_engine.conditions import ClipConditions
from humo_engine.guidance import Pass
from humo_engine.layers import KeysValues
from humo_engine.model import HuMoTransformer

ORDER_OF_NOISE = 0x0DE4_0F_A11
"""Sets the seed of the order of noise apart from those of noise itself."""

KEPT_AUDIO_BYTES = 5 << 28
"""The most that is kept of the windows' keys and values of sound: 1.25 GiB, four windows of the 17B model."""


@dataclass(frozen=True)
class Window:
    """Latent frames `start` up to `end`, which is not in it."""

    start: int
    end: int


def plan_windows(frames: int, length: int, overlap: int) -> tuple[Window, ...]:
    """Windows of `length` over `frames` latent frames, neighbours sharing at least `overlap` and as evenly as whole frames allow.

    All have one length, so that a pass costs what it costs for a clip of that length and nothing is compiled anew. What fits
    into one window gets one. ValueError where 0 < overlap < length is not so.
    """
    if not 0 < overlap < length:
        raise ValueError(f"an overlap of {overlap} does not go with windows of {length}: it must be above 0 and below the length")
    if frames <= length:
        return (Window(0, frames),)
    count = -(-(frames - overlap) // (length - overlap))
    last = frames - length
    starts = [(2 * index * last + count - 1) // (2 * (count - 1)) for index in range(count)]  # rounded, without floats
    return tuple(Window(start, start + length) for start in starts)


def window_weights(windows: Sequence[Window]) -> list[Tensor]:
    """How much each latent frame of each window counts; over all windows, the weights of a frame sum to 1.

    Over the frames that a window shares with the one before it, its weight rises evenly from 0. The 0 is meant: the VAE packs one
    video frame into the first latent frame and four into every other, and the model takes a window's first for one of the former kind.
    """
    weights = [torch.ones(window.end - window.start) for window in windows]
    for index in range(1, len(windows)):
        shared = windows[index - 1].end - windows[index].start
        ramp = torch.arange(shared) / shared
        weights[index][:shared] *= ramp
        weights[index - 1][-shared:] *= 1 - ramp
    return weights


def noise_order(windows: Sequence[Window], seed: int) -> list[int]:
    """For each latent frame of a take, which frame of its first window's noise it begins with.

    Every window begins with all frames of the same noise, each once and in an order of its own: what a window adds is what the one before it
    left behind, shuffled. Where a person stands and what they look like is decided in the first steps, for the most part by what
    all frames of the noise have in common, so windows that have that in common decide alike (FreeNoise, arXiv 2310.15169).
    """
    generator = torch.Generator("cpu").manual_seed(seed ^ ORDER_OF_NOISE)
    order = list(range(windows[0].end))
    for before, window in itertools.pairwise(windows):
        left = order[before.start : window.start]
        order += [left[index] for index in torch.randperm(len(left), generator=generator).tolist()]
    return order


def spread_noise(noise: Tensor, windows: Sequence[Window], seed: int) -> Tensor:
    """Noise for one window (16, its frames + slots, height, width) → for the whole take (16, frames + slots, height, width)."""
    length = windows[0].end
    return torch.cat((noise[:, noise_order(windows, seed)], noise[:, length:]), dim=1)


class WindowedPredictor:
    """Predicts the velocity of a whole take, window by window.

    `conditions` are those of a clip as long as a window. `audio` (latent frames of the take, *audio_window) is what each of them hears.
    Of the slots of the references, which all windows share, the velocities are averaged. `room` is for keys and values of sound that are
    kept from step to step, in bytes; what finds no room is made anew for each pass.
    """

    def __init__(
        self,
        model: HuMoTransformer,
        conditions: ClipConditions,
        windows: Sequence[Window],
        audio: Tensor,
        slots: int,
        before_pass: Callable[[], None] = lambda: None,
        after_pass: Callable[[], None] = lambda: None,
        room: int = KEPT_AUDIO_BYTES,
        audio_strength: Tensor | None = None,
    ):
        self._model = model
        self._conditions = conditions
        self._windows = tuple(windows)
        self._weights = [weight.to(audio.device)[None, :, None, None] for weight in window_weights(windows)]
        self._audio, self._slots = audio, slots
        self._before_pass, self._after_pass = before_pass, after_pass
        self._kept: dict[int, list[KeysValues]] = {}
        self._room = room
        self._audio_strength = audio_strength

    def rounds(self, passes: Sequence[Pass]) -> Sequence[tuple[Pass, ...]]:
        return [(which,) for which in passes]

    def predict(self, latents: Tensor, timestep: Tensor, passes: tuple[Pass, ...]) -> Sequence[Tensor]:
        return [self.velocity(latents, timestep, which) for which in passes]

    def velocity(self, latents: Tensor, timestep: Tensor, which: Pass) -> Tensor:
        """Latents (16, frames + slots, height, width) and a timestep (1,) → velocity of the latents' shape, fp32."""
        frames = latents.shape[1] - self._slots
        references = latents[:, frames:]
        total = torch.zeros_like(latents)
        for index, (window, weight) in enumerate(zip(self._windows, self._weights, strict=True)):
            if index > 0:  # before the first, the loop has asked
                self._before_pass()
            seen = torch.cat((latents[:, window.start : window.end], references), dim=1)
            velocity = self._model(self._conditions.with_references(seen, which), timestep, self._given(index, which))
            length = window.end - window.start
            total[:, window.start : window.end] += weight * velocity[:, :length]
            total[:, frames:] += velocity[:, length:] / len(self._windows)
            self._after_pass()
        return total

    def _given(self, index: int, which: Pass):
        """The conditions of one window: all windows share everything but the sound."""
        conditions = self._conditions[which]
        if not which.audio:
            return conditions
        return replace(conditions, audio=self._keys_values(index))

    def _keys_values(self, index: int) -> list[KeysValues]:
        if index in self._kept:
            return self._kept[index]
        window = self._windows[index]
        heard = slice_of_audio(self._audio, window, self._slots)
        made = self._model.embed_audio(heard, self._audio_strength)
        size = sum(tensor.numel() * tensor.element_size() for pair in made for tensor in pair)
        if size <= self._room:
            self._room -= size
            self._kept[index] = made
        return made


def slice_of_audio(audio: Tensor, window: Window, slots: int) -> Tensor:
    """What a window hears (frames + slots, *audio_window): its slice of the take's, and silence where the references stand."""
    return torch.cat((audio[window.start : window.end], audio.new_zeros(slots, *audio.shape[1:])))
