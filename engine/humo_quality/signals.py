"""Figures of series and frames that need no model: how a mouth follows a sound, and what changes from frame to frame.

A series is a tensor (frames,). Frames are (frames, height, width, 3), fp32, 0 … 255. A second has `FPS` frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from humo_engine.audio import FPS

LARGEST_LAG = 6  # frames; a quarter of a second either way
SHIFTS = (-4, -2, 2, 4)  # frames
STILL = 1e-4  # standard deviation of a series that stands still
SILENT = 0.02  # an opening below this is a shut mouth
SILENCE_SETTLES = 2  # frames after a sound's end, in which a mouth may still be closing


def middle(frames: Tensor) -> Tensor:
    """Each value's median over frames (n, …), the lower of the two in the middle: what `median(0)` gives, in a sixth of its time."""
    place = (len(frames) - 1) // 2
    each = np.partition(frames.flatten(1).T.contiguous().numpy(), place, axis=1)
    return torch.from_numpy(each[:, place].copy()).view(frames.shape[1:])


def moves(series: Tensor) -> bool:
    """Whether a series changes at all."""
    return len(series) > 1 and bool(series.std() > STILL)


def correlation(a: Tensor, b: Tensor) -> float:
    """Pearson's correlation of two series of the same length; 0 where one of them stands still, since that follows nothing."""
    if not moves(a) or not moves(b):
        return 0.0
    a, b = a.double() - a.double().mean(), b.double() - b.double().mean()
    return float((a * b).sum() / (a.norm() * b.norm()))


def at_lag(mouth: Tensor, sound: Tensor, lag: int) -> float:
    """Correlation of the mouth with the sound `lag` frames earlier: positive lags are of a mouth that comes late."""
    length = min(len(mouth), len(sound))
    start, end = max(lag, 0), length + min(lag, 0)
    return correlation(mouth[start:end], sound[start - lag : end - lag])


def best_lag(mouth: Tensor, sound: Tensor, largest: int = LARGEST_LAG) -> int:
    """The lag in frames at which the mouth agrees best with the sound."""
    return max(range(-largest, largest + 1), key=lambda lag: (at_lag(mouth, sound, lag), -abs(lag)))


def shifts_found(mouth: Tensor, sound: Tensor) -> float:
    """The share of SHIFTS of the sound, in frames, that the best lag finds again to a frame."""
    return sum(abs(best_lag(mouth, torch.roll(sound, -shift)) - shift) <= 1 for shift in SHIFTS) / len(SHIFTS)


def shuffled(mouth: Tensor, sounds: Sequence[Tensor]) -> float | None:
    """Mean correlation with other clips' sounds, each begun elsewhere and gone round; None without others.

    All recordings are silent at both ends. Unmoved, the sounds of two clips agree at 0.33 for that alone, and so would a perfect mouth.
    """
    step = len(mouth) // (len(sounds) + 1)
    figures = [correlation(mouth, torch.roll(sound, (index + 1) * step)) for index, sound in enumerate(sounds)]
    return sum(figures) / len(figures) if figures else None


def by_second(mouth: Tensor, sound: Tensor) -> list[float | None]:
    """Correlation within each second; a rest of half a second or more counts as one. None where the sound does not change."""
    figures: list[float | None] = []
    for start in range(0, len(mouth), FPS):
        part = slice(start, start + FPS)
        if len(mouth[part]) * 2 < FPS:
            break
        figures.append(correlation(mouth[part], sound[part]) if sound[part].std() > 0.05 else None)
    return figures


def opening_in_silence(mouth: Tensor, sound: Tensor) -> float | None:
    """Mean opening where the sound says shut and has said so for a moment; None if there is no such frame."""
    loud = (sound > SILENT).float()
    reach = torch.nn.functional.pad(loud, (SILENCE_SETTLES, SILENCE_SETTLES))
    quiet = reach.unfold(0, 2 * SILENCE_SETTLES + 1, 1).amax(1) == 0
    return float(mouth[quiet].mean()) if bool(quiet.any()) else None


def neighbour_change(frames: Tensor) -> Tensor:
    """Mean absolute change from each frame to the next (frames − 1,), in grey levels of 255."""
    return (frames[1:] - frames[:-1]).abs().mean((1, 2, 3))


def seam_change(frames: Tensor, seams: list[int]) -> float | None:
    """How much larger the change into the frames `seams` is than the clip's median change, as a ratio; None without seams.

    1 is a seam that cannot be told from any other frame.
    """
    if not seams:
        return None
    change = neighbour_change(frames)
    usual = change.median().clamp(min=0.05)  # a still clip's rounding is no change
    return float(change[torch.tensor(seams) - 1].mean() / usual)


def every_fourth(frames: Tensor) -> float:
    """The change into the first frame of each latent frame's four, as a ratio to the other changes: a causal VAE that works has 1."""
    change = neighbour_change(frames)[: (len(frames) - 1) // 4 * 4].view(-1, 4)
    return float(change[:, 0].mean() / change[:, 1:].mean().clamp(min=0.05))


def background_drift(frames: Tensor) -> float:
    """How far the background's mean colour moves from the first second to the last, in grey levels.

    The background is the upper corners: a person who stands near the middle never reaches them.
    """
    height, width = frames.shape[1:3]
    corner = max(4, min(height, width) // 6)
    corners = torch.cat((frames[:, :corner, :corner], frames[:, :corner, width - corner :]), dim=2)
    first, last = corners[:FPS].mean((0, 1, 2)), corners[-FPS:].mean((0, 1, 2))
    return float((first - last).abs().mean())


def flashes(frames: Tensor, reference: Tensor) -> Tensor:
    """Frames that look more like the reference picture than like the clip (frames,), bool.

    A sampler that lets its reference slot leak shows the white picture for some frames. reference (height, width, 3).
    """
    usual = middle(frames)
    return (frames - reference).abs().mean((1, 2, 3)) < (frames - usual).abs().mean((1, 2, 3))


def psnr(a: Tensor, b: Tensor) -> float:
    """Peak signal-to-noise ratio of two clips in dB; 99 where they are equal."""
    error = float((a - b).square().mean())
    return min(99.0, 10 * torch.tensor(255.0**2 / max(error, 1e-9)).log10().item())
