"""Speech to train on: espeak-ng in many voices and languages, changed in level, colour and noise, and sounds that nobody says."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import wave

import numpy as np
import torch
from torch import Tensor

from humo_engine.audio import SAMPLE_RATE
from humo_mini.drawing import FRAMES, SAMPLES_PER_FRAME, openings_from_sound

VARIANTS = (
    "",
    "+m1",
    "+m2",
    "+m3",
    "+m4",
    "+m5",
    "+m6",
    "+m7",
    "+f1",
    "+f2",
    "+f3",
    "+f4",
    "+f5",
    "+croak",
    "+klatt2",
    "+klatt4",
)

SENTENCES: dict[str, tuple[str, ...]] = {
    "en-us": (
        "Good morning, everyone.", "The little boat came back before the storm.", "I would like to show you something.", "Yes!", "No, wait.",
        "Have you ever seen so many birds at once?", "She laughed and put the letter away.", "Nobody knows where the road ends.", "Well,",
        "We baked bread all afternoon.", "Please open the window, it is warm in here.", "My grandfather used to repair clocks.", "Listen.",
    ),
    "en-gb": (
        "What a lovely evening.", "Mind the step, please.", "The kettle is on, would you like some tea?", "It rained for seven days.", "Oh,",
        "They painted the whole house blue.", "I have been thinking about your question.", "Right then, let us begin.", "Perhaps tomorrow.",
    ),
    "de": (
        "Guten Tag zusammen.", "Heute scheint endlich die Sonne.", "Ich möchte euch etwas erzählen.", "Ja, genau!", "Moment mal,",
        "Der alte Bahnhof steht noch immer leer.", "Wir haben gestern lange gesungen.", "Kannst du mir bitte helfen?", "Morgen fahren wir ans Meer.",
    ),
    "fr": (
        "Bonjour à tous.", "Il fait beau ce matin.", "Je voudrais vous raconter une histoire.", "Oui, bien sûr.", "Attendez,",
        "Le chat dort sur le vieux fauteuil.", "Nous avons marché jusqu’au village.", "Qui a mangé le gâteau ?",
    ),
    "es": (
        "Buenos días a todos.", "Hoy vamos a cocinar juntos.", "Quiero contarte una historia.", "¡Claro que sí!", "Espera,",
        "La niña encontró una llave pequeña.", "El tren llega a las ocho.", "¿Dónde están mis zapatos?",
    ),
    "it": ("Buongiorno a tutti.", "Oggi parliamo di musica.", "La finestra è aperta.", "Dove andiamo stasera?", "Un momento,"),
    "pt": ("Bom dia a todos.", "O mar está calmo hoje.", "Vou contar uma pequena história.", "Sim, com certeza."),
    "nl": ("Goedemorgen allemaal.", "Het water is vandaag heel koud.", "Ik wil je iets laten zien.", "Ja hoor,"),
    "pl": ("Dzień dobry wszystkim.", "Dzisiaj pada deszcz.", "Chcę wam coś opowiedzieć.", "Tak, oczywiście."),
    "sv": ("God morgon allihop.", "Idag ska vi baka bröd.", "Jag vill berätta något.", "Javisst,"),
}  # fmt: skip
"""Written for this; what is said does not matter, how it sounds does."""


def has_espeak() -> bool:
    return shutil.which("espeak-ng") is not None


def make_snippet(seed: int, frames: int = FRAMES) -> tuple[Tensor, Tensor]:
    """A piece of sound, and the mouth that goes with it → samples (n,) at 16 kHz, openings (frames,).

    One in ten is noise or music, to which nobody speaks. Raises RuntimeError without espeak-ng.
    """
    numbers = random.Random(f"sound/{seed}")
    noise = np.random.default_rng(numbers.randrange(2**32))
    length = frames * SAMPLES_PER_FRAME
    kind = numbers.random()
    if kind < 0.05:
        return _tensor(_noise(noise, length) * 10 ** (numbers.uniform(-45, -18) / 20)), torch.zeros(frames)
    if kind < 0.10:
        return _tensor(_music(numbers, length) * 10 ** (numbers.uniform(-30, -16) / 20)), torch.zeros(frames)
    speech = _speech(numbers, length + SAMPLE_RATE)
    speech = _colour(numbers, speech)
    active = speech[np.abs(speech) > 0.05 * np.abs(speech).max()]
    level = 10 ** (numbers.gauss(-19, 3) / 20)
    speech = speech * (level / max(1e-6, float(np.sqrt(np.mean(active**2)))))
    speech = np.tanh(speech * 0.9) / 0.9  # a gentle limiter
    openings = openings_from_sound(_tensor(speech), frames)
    sound = speech + _noise(noise, len(speech)) * 10 ** (numbers.uniform(-75, -44) / 20)
    if numbers.random() < 0.08:
        sound = sound + _music(numbers, len(speech)) * 10 ** (numbers.uniform(-50, -38) / 20)
    if numbers.random() < 0.1:  # the sound may end before the picture does
        end = numbers.randrange(length // 3, length)
        sound, openings = sound[:end], openings_from_sound(_tensor(speech[:end]), frames)
    return _tensor(sound.clip(-1, 1)), openings


def _tensor(samples: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(samples, dtype=np.float32))


def _speech(numbers: random.Random, length: int) -> np.ndarray:
    """Sentences with pauses, at least `length` samples long."""
    language = numbers.choice(tuple(SENTENCES))
    voice = language + numbers.choice(VARIANTS)
    pitch, rate = numbers.randrange(15, 90), numbers.randrange(120, 215)
    parts: list[np.ndarray] = [np.zeros(int(numbers.choice((0, 0, numbers.uniform(0, 1.2))) * SAMPLE_RATE))]
    while sum(map(len, parts)) < length:
        words = numbers.choice(SENTENCES[language])
        parts.append(_say(words, voice, pitch, rate, numbers.uniform(0.93, 1.08)))
        parts.append(np.zeros(int(numbers.choice((0.0, 0.1, 0.3, numbers.uniform(0.2, 1.0))) * SAMPLE_RATE)))
    return np.concatenate(parts)[:length]


def _say(words: str, voice: str, pitch: int, rate: int, stretch: float) -> np.ndarray:
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(rate), "--stdout", words]
    try:
        data = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout
    except FileNotFoundError as error:
        raise RuntimeError(
            "espeak-ng is not installed; it speaks what the small model is trained on (Debian: apt install espeak-ng)"
        ) from error
    with wave.open(io.BytesIO(data)) as file:
        rate_there = file.getframerate()
        samples = np.frombuffer(data[44:], dtype="<i2").astype(np.float64) / 32768
    return _resample(samples, rate_there * stretch)


def _resample(samples: np.ndarray, rate: float) -> np.ndarray:
    """Band-limited resampling of a whole piece to 16 kHz."""
    wanted = int(len(samples) * SAMPLE_RATE / rate)
    spectrum = np.fft.rfft(samples)
    return np.fft.irfft(np.pad(spectrum, (0, max(0, wanted // 2 + 1 - len(spectrum))))[: wanted // 2 + 1], wanted) * (
        wanted / len(samples)
    )


def _colour(numbers: random.Random, samples: np.ndarray) -> np.ndarray:
    """Another microphone and another voice: a smooth random gain over frequency, ±9 dB, and sometimes a telephone's band."""
    spectrum = np.fft.rfft(samples)
    place = np.linspace(0, 1, len(spectrum))
    gain = np.interp(np.sqrt(place), np.linspace(0, 1, 7), [numbers.uniform(-9, 9) for _ in range(7)])
    if numbers.random() < 0.1:
        gain = gain - 40 * ((place < 0.0375) | (place > 0.425))
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(samples))


def _noise(generator: np.random.Generator, length: int) -> np.ndarray:
    """Noise of RMS 1 with a random tilt, from rumble to hiss."""
    spectrum = np.fft.rfft(generator.standard_normal(length))
    spectrum *= np.linspace(0.01, 1, len(spectrum)) ** generator.uniform(-1, 0.3)
    samples = np.fft.irfft(spectrum, length)
    return samples / np.sqrt(np.mean(samples**2))


def _music(numbers: random.Random, length: int) -> np.ndarray:
    """Chords of a few harmonics that change twice a second or so, RMS 1."""
    seconds = np.arange(length) / SAMPLE_RATE
    sound = np.zeros(length)
    beat, root = numbers.uniform(0.25, 0.9), numbers.uniform(80, 260)
    for start in np.arange(0, length / SAMPLE_RATE, beat):
        inside = np.clip(seconds - start, 0, None)
        envelope = (seconds >= start) * np.exp(-inside * numbers.uniform(1.5, 5)) * np.minimum(1, inside * 80)
        for step in numbers.sample((0, 2, 4, 5, 7, 9, 11, 12), 3):
            pitch = root * 2 ** (step / 12)
            for harmonic in range(1, 4):
                sound += envelope * np.sin(2 * np.pi * pitch * harmonic * seconds) / harmonic**1.5
    return sound / max(1e-6, float(np.sqrt(np.mean(sound**2))))
