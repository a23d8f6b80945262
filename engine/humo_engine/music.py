"""Is there music in a sound? Notes are held, and what a person says is not.

The pitch of a speaking voice moves all the time, and its harmonics move as many times faster as they are higher. An instrument holds a
pitch for as long as a note lasts. So partials between 300 and 4,000 Hz that stay where they are for 0.3 s tell music from speech, also
where speech lies over it. That steady tracks in the spectrum tell the two apart is known: Taniguchi, Tohyama and Shirai, "Detection of speech and
music based on spectral tracking", Speech Communication 50 (2008); the limits below are our own. `python -m humo_engine.music FILES…` prints the share of each file;
what was measured on which sounds stands in engine/README.md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from torch import Tensor

from humo_engine.audio import SAMPLE_RATE, read_wav, to_engine_wav

WINDOW = 2048  # samples of a spectrum: 128 ms, so that neighbouring partials of a chord are apart
HOP = 256  # 16 ms
LOWEST, HIGHEST = 300, 4000  # Hz: the hum of the mains lies below, and few notes have strong partials above
ABOVE_SURROUNDINGS = 8  # dB over the mean of the 16 bins on either side, 125 Hz
BELOW_LOUDEST = 50  # dB: what is fainter than that against the loudest partial of the sound is nobody's music
FAINTEST = 20 * np.log10(1e-4 * WINDOW / 4)  # dB: a tone of a ten-thousandth of full scale; what lies below is arithmetic
HELD = 0.3  # seconds
HELD_SHARE = 0.9  # of them in which the partial has to be there, give or take a bin
BINS_OF_A_PARTIAL = 3  # one and its neighbours: fewer are the edge of one that passed by
PIECE = 30 * SAMPLE_RATE  # samples that are looked at together: memory stays flat, however long the sound is
MUSIC_FROM = 0.12  # of the sound


def held_share(samples: Tensor) -> float:
    """The share (0 to 1) of the moments of `samples` (n,), 16 kHz, in which at least one partial is held."""
    held, moments = 0, 0
    for start in range(0, samples.shape[0], PIECE):
        levels = _levels(samples[start : start + PIECE].numpy())
        if levels is None:
            continue
        peaks = _peaks(levels)
        length = int(HELD * SAMPLE_RATE / HOP)
        moments += peaks.shape[0]
        if peaks.shape[0] <= length:
            continue
        sums = np.cumsum(np.pad(peaks.astype(np.int32), ((1, 0), (0, 0))), axis=0)
        steady = (sums[length:] - sums[:-length]) >= HELD_SHARE * length
        held += int((steady.sum(axis=1) >= BINS_OF_A_PARTIAL).sum())
    return held / moments if moments else 0.0


def has_music(samples: Tensor) -> bool:
    """Whether music is likely in `samples` (n,), 16 kHz, alone or under speech."""
    return held_share(samples) >= MUSIC_FROM


def _levels(samples: np.ndarray) -> np.ndarray | None:
    """Samples → levels in dB (moments, bins) between `LOWEST` and `HIGHEST`; None for less than one window."""
    if samples.size < WINDOW:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    spectrum = np.fft.rfft(windows * np.hanning(WINDOW), axis=1)
    first, last = (round(frequency * WINDOW / SAMPLE_RATE) for frequency in (LOWEST, HIGHEST))
    return 20 * np.log10(np.abs(spectrum[:, first:last]) + 1e-8)


def _peaks(levels: np.ndarray) -> np.ndarray:
    """Where (moments, bins) a partial stands out, or does in a bin beside it."""
    around = np.mean([np.roll(levels, shift, axis=1) for shift in range(-16, 17, 4)], axis=0)
    peak = (levels > np.roll(levels, 1, axis=1)) & (levels >= np.roll(levels, -1, axis=1))
    peak &= (levels > around + ABOVE_SURROUNDINGS) & (levels > max(levels.max() - BELOW_LOUDEST, FAINTEST))
    return peak | np.roll(peak, 1, axis=1) | np.roll(peak, -1, axis=1)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for argument in sys.argv[1:]:
            share = held_share(read_wav(to_engine_wav(Path(argument), Path(folder, "sound.wav"))))
            print(f"{share:.3f}  {'music' if share >= MUSIC_FROM else 'speech'}  {argument}")
