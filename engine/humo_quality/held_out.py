"""The clips that the meter asks for: persons, prompts and voices that the small model's training never saw."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from humo_engine.audio import SAMPLE_RATE, read_wav, to_engine_wav
from humo_mini.drawing import (
    SAMPLES_PER_FRAME,
    Person,
    Scene,
    draw_person,
    draw_prompt,
    draw_reference,
    draw_scene,
    in_skin,
    openings_from_sound,
)
from humo_mini.palette import SCENES

VOICES = Path(__file__).parent / "voices"
SKIN_GROUPS = ("light", "medium", "dark")
LONGEST_RECORDING = 101  # frames; whoever asks for no more hears one, and then silence


@dataclass(frozen=True)
class HeldOut:
    """One clip to ask for, its files written: what it should show, and how the sound opens a mouth (frames,)."""

    number: int
    person: Person
    scene: Scene
    prompt: str
    image: Path
    reference: Tensor
    audio: Path
    sound: Tensor
    in_skins: bool = False

    @property
    def story(self) -> int:
        """Who speaks where and with which voice, and the noise that it is made of: clips that differ in the skin alone share it."""
        return self.number // len(SKIN_GROUPS) if self.in_skins else self.number

    @property
    def skin_group(self) -> str:
        """A third of the skin colours that there are, from the lightest."""
        return SKIN_GROUPS[min(2, int(self.person.skin * 3))]


def held_out_clips(count: int, folder: Path, size: tuple[int, int], frames: int, skins: bool = False) -> list[HeldOut]:
    """`count` clips, always the same, with their pictures and sounds in `folder`. reference: (height, width, 3), 0 … 255.

    Voices of the two sources alternate; skin colours and scenes go round, so that also a few clips have all kinds. What is longer than a
    recording has the next ones of its source after it. With `skins` they come in threes that differ in the skin alone: what figures of the
    groups differ by is then the skin's, and not that of who happens to be in each.
    """
    files = voice_files()
    return [_clip(number, files, folder, size, frames, skins) for number in range(count)]


def voice_files() -> list[Path]:
    """The recordings, voices of the two sources in turn until each was heard. OSError if there are none."""
    joe, kokoro = (sorted(VOICES.glob(f"{source}-*.opus")) for source in ("joe", "kokoro"))
    if not joe or not kokoro:
        raise OSError(f"the voices of the meter are missing from {VOICES}: fetch the repository anew")
    return [file for index, first in enumerate(joe) for file in (first, kokoro[index % len(kokoro)])]


def _clip(number: int, voices: list[Path], folder: Path, size: tuple[int, int], frames: int, skins: bool = False) -> HeldOut:
    groups = len(SKIN_GROUPS)
    story = number // groups if skins else number  # who speaks where and with which voice
    people = (draw_person(story * 1000 + offset, "held-out") for offset in range(1000))
    person = next(person for person in people if int(person.skin * groups) == story % groups)
    if skins:
        person = in_skin(person, (person.skin * groups % 1 + number % groups) / groups)
    scene = _scene(story)
    reference = to_rgb(draw_reference(person, size))[0]
    image = folder / f"person-{number}.png"
    Image.fromarray(reference.round().to(torch.uint8).numpy()).save(image)
    audio = recorded(story, voices, folder, frames)
    sound = openings_from_sound(read_wav(audio), frames)
    return HeldOut(number, person, scene, draw_prompt(scene, person, story, "held-out"), image, reference, audio, sound, skins)


def recorded(number: int, voices: list[Path], folder: Path, frames: int) -> Path:
    """The sound of a clip: a recording, and for longer clips every second one after it, which is of the same source."""
    audio = to_engine_wav(voices[number % len(voices)], folder / f"voice-{number}.wav")
    samples, following = read_wav(audio), number
    while frames > LONGEST_RECORDING and len(samples) < frames * SAMPLES_PER_FRAME:
        following += 2
        more = to_engine_wav(voices[following % len(voices)], folder / f"voice-{number}-more.wav")
        samples = torch.cat((samples, read_wav(more)))
    if following != number:
        write_wav(audio, samples)
    return audio


def write_wav(file: Path, samples: Tensor) -> None:
    """Samples (n,) in [−1, 1] at 16 kHz → a WAV that `read_wav` takes."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes((samples.clamp(-1, 1) * 32767).round().short().numpy().tobytes())


def _scene(number: int) -> Scene:
    wanted = SCENES[number % len(SCENES)]
    return next(scene for offset in range(10_000) if (scene := draw_scene(number * 10_000 + offset, "held-out")).name == wanted)


def to_rgb(pixels: Tensor) -> Tensor:
    """Pixels of the drawing (3, frames, height, width) in [−1, 1] → frames (frames, height, width, 3), 0 … 255."""
    return ((pixels.clamp(-1, 1) + 1) * 127.5).permute(1, 2, 3, 0)
