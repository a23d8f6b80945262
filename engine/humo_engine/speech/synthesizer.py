"""Words to sound: finds language and voice, speaks piece after piece, and joins them with the pauses that people make."""

from __future__ import annotations

import os
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from humo_engine.runtime_environment import own_command
from humo_engine.speech.errors import SpeechError
from humo_engine.speech.kokoro import KokoroVoice
from humo_engine.speech.language import LANGUAGES, find_language
from humo_engine.speech.normalise import pieces
from humo_engine.speech.piper import PiperVoice
from humo_engine.speech.voices import PIPER, Voice, available, model_file

MOST_CHARACTERS = 1_000
LEAD, TAIL = 0.25, 0.35  # seconds of silence around the words: HuMo's first latent hears little, and a mouth has to close
PEAK = 0.89  # −1 dBFS; every voice comes out equally loud
MOST_THREADS = 2
LOADED = 3  # voices kept in memory, some 100 MB each


class _Speaking(Protocol):
    rate: int

    def say(self, text: str, speed: float) -> np.ndarray: ...


@dataclass(frozen=True)
class Speech:
    """Spoken words: samples (n,) in 16 bits at `rate`."""

    samples: np.ndarray
    rate: int
    voice: Voice
    language: str

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def write(self, file: Path) -> None:
        """Write it as a mono WAV."""
        with file.open("wb") as stream, wave.open(stream, "wb") as target:
            target.setnchannels(1)
            target.setsampwidth(2)
            target.setframerate(self.rate)
            target.writeframes(self.samples.astype("<i2").tobytes())


class Synthesizer:
    """Speaks with the voices that are there. A voice is loaded when it is first needed, and stays."""

    def __init__(self, weights: Path, threads: int | None = None):
        self._weights = weights
        self._threads = threads or min(MOST_THREADS, os.cpu_count() or 1)
        self._loaded: dict[str, _Speaking] = {}
        self.voices = available(weights)

    def choose(self, text: str, voice: str | None = None, language: str | None = None, default: str = "en") -> tuple[Voice, str]:
        """(voice, language) for words. A voice that is asked for decides; its language is the one that is spoken.

        SpeechError `voice`, `language` or `unavailable`; the message lists what there is.
        """
        if not self.voices:
            raise SpeechError(
                "unavailable", f"there is no voice here. Fetch some with: {own_command('weights download --voices')}"
            )
        if voice is not None:
            for known in self.voices:
                if known.name == voice:
                    return known, known.language
            raise SpeechError("voice", f"there is no voice {voice!r} here; choose from {', '.join(v.name for v in self.voices)}")
        if language is not None and language not in LANGUAGES:
            raise SpeechError("language", f"there is no voice for {language!r}; there are voices for {self._languages()}")
        spoken = language or find_language(text, default)
        for known in self.voices:
            if known.language == spoken:
                return known, known.language
        raise SpeechError(
            "language", f"no voice here speaks the language of these words; there are voices for {self._languages()}"
        )

    def _languages(self) -> str:
        return ", ".join(dict.fromkeys(voice.language for voice in self.voices))

    def speak(
        self, text: str, voice: str | None = None, language: str | None = None, default: str = "en", speed: float = 1.0
    ) -> Speech:
        """Speak words. `default`: the language where the words give no hint. SpeechError says what cannot be spoken, and why."""
        if len(text) > MOST_CHARACTERS:
            raise SpeechError("too_long", f"at most {MOST_CHARACTERS} characters can be spoken, not {len(text)}")
        chosen, spoken = self.choose(text, voice, language, default)
        parts = pieces(text, spoken)
        if not parts:
            raise SpeechError("empty", "it has no words that can be spoken")
        model = self._load(chosen)
        sound = [_silence(LEAD, model.rate)]
        for part in parts:
            sound += [model.say(part.text, speed), _silence(part.pause, model.rate)]
        joined = np.concatenate([*sound[:-1], _silence(TAIL, model.rate)])
        peak = float(np.abs(joined).max())
        if peak < 1e-3:
            raise SpeechError("empty", "it has no words that this voice can speak")
        return Speech(np.round(joined * (PEAK / peak * 32767)).astype(np.int16), model.rate, chosen, spoken)

    def _load(self, voice: Voice) -> _Speaking:
        if voice.name in self._loaded:
            self._loaded[voice.name] = self._loaded.pop(voice.name)  # the longest unused one goes first
            return self._loaded[voice.name]
        file = model_file(voice, self._weights)
        if file is None:
            raise SpeechError("unavailable", f"the files of the voice {voice.name} are missing")
        model = PiperVoice(file, voice.speaker, self._threads) if voice.family == PIPER else KokoroVoice(voice.file)
        while len(self._loaded) >= LOADED:
            del self._loaded[next(iter(self._loaded))]
        self._loaded[voice.name] = model
        return model


def _silence(seconds: float, rate: int) -> np.ndarray:
    return np.zeros(round(seconds * rate), dtype=np.float32)
