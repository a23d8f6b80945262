"""Mel-frequency cepstral coefficients as SyncNet was trained with: those of the library python_speech_features at its defaults.

That library is not renewed any more, and what others call MFCC differs in each of: the mel scale, filters between whole bins of the
spectrum, windows, the scaling of the cosines, the liftering, and the energy in the first coefficient's place.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from humo_engine.audio import SAMPLE_RATE

COEFFICIENTS = 13
WINDOW = 400  # samples, 25 ms
STEP = 160  # samples, 10 ms
BINS = 512  # of the Fourier transform
FILTERS = 26
EMPHASIS = 0.97  # of the sample before, taken away
LIFTER = 22
FULL_SCALE = 32768  # of 16 bits: the energy is that of whole numbers
LEAST = torch.finfo(torch.float64).eps  # stands for nothing where a logarithm is taken


def mfcc(samples: Tensor) -> Tensor:
    """Samples (n,) in [−1, 1] at 16 kHz → coefficients (frames, 13) at 100 a second, fp32; the last window is filled up with silence."""
    sound = samples.double() * FULL_SCALE
    sound = torch.cat((sound[:1], sound[1:] - EMPHASIS * sound[:-1]))
    frames = 1 + max(0, math.ceil((len(sound) - WINDOW) / STEP))
    sound = F.pad(sound, (0, (frames - 1) * STEP + WINDOW - len(sound)))
    power = torch.fft.rfft(sound.unfold(0, WINDOW, STEP), BINS).abs().square() / BINS
    energy = power.sum(1).clamp(min=LEAST)
    bands = (power @ _filters().T).clamp(min=LEAST)
    cepstrum = bands.log() @ _cosines().T
    index = torch.arange(COEFFICIENTS, dtype=torch.float64)
    cepstrum = cepstrum * (1 + LIFTER / 2 * torch.sin(math.pi * index / LIFTER))
    cepstrum[:, 0] = energy.log()
    return cepstrum.float()


def _filters() -> Tensor:
    """Triangles (filters, bins) over whole bins, their corners evenly on the mel scale from 0 Hz to half the sample rate."""
    highest = 2595 * math.log10(1 + SAMPLE_RATE / 2 / 700)
    mel = torch.linspace(0, highest, FILTERS + 2, dtype=torch.float64)
    corners = ((BINS + 1) * 700 * (10 ** (mel / 2595) - 1) / SAMPLE_RATE).floor()
    low, middle, high = (corners[start : start + FILTERS, None] for start in range(3))
    bins = torch.arange(BINS // 2 + 1, dtype=torch.float64)
    rising = (bins - low) / (middle - low)
    falling = (high - bins) / (high - middle)
    # What begins where it peaks has no side there: 0 / 0 at that bin, which then belongs to the other side.
    return torch.where(bins < middle, rising, falling).nan_to_num().clamp(0, 1) * ((bins >= low) & (bins < high))


def _cosines() -> Tensor:
    """The orthonormal cosine transform (coefficients, filters), type II."""
    index = torch.arange(COEFFICIENTS, dtype=torch.float64)[:, None]
    place = torch.arange(FILTERS, dtype=torch.float64) + 0.5
    table = torch.cos(math.pi * index * place / FILTERS) * math.sqrt(2 / FILTERS)
    table[0] /= math.sqrt(2)
    return table
