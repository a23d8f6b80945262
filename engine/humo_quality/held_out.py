"""The clips that the meter asks for: persons, prompts and voices that the small model's training never saw."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from humo_engine.audio import read_wav, to_engine_wav
from humo_mini.drawing import Person, Scene, draw_person, draw_prompt, draw_reference, draw_scene, openings_from_sound
from humo_mini.palette import SCENES

VOICES = Path(__file__).parent / "voices"
SKIN_GROUPS = ("light", "medium", "dark")


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

    @property
    def skin_group(self) -> str:
        """A third of the skin colours that there are, from the lightest."""
        return SKIN_GROUPS[min(2, int(self.person.skin * 3))]


def held_out_clips(count: int, folder: Path, size: tuple[int, int], frames: int) -> list[HeldOut]:
    """`count` clips, always the same, with their pictures and sounds in `folder`. reference: (height, width, 3), 0 … 255.

    Voices of the two sources alternate; skin colours and scenes go round, so that also a few clips have all kinds.
    """
    files = voice_files()
    return [_clip(number, files[number % len(files)], folder, size, frames) for number in range(count)]


def voice_files() -> list[Path]:
    """The recordings, voices of the two sources in turn until each was heard. OSError if there are none."""
    joe, kokoro = (sorted(VOICES.glob(f"{source}-*.opus")) for source in ("joe", "kokoro"))
    if not joe or not kokoro:
        raise OSError(f"the voices of the meter are missing from {VOICES}: fetch the repository anew")
    return [file for index, first in enumerate(joe) for file in (first, kokoro[index % len(kokoro)])]


def _clip(number: int, voice: Path, folder: Path, size: tuple[int, int], frames: int) -> HeldOut:
    seed = number * 1000
    person = next(
        person for offset in range(1000) if int((person := draw_person(seed + offset, "held-out")).skin * 3) == number % 3
    )
    scene = _scene(number)
    reference = to_rgb(draw_reference(person, size))[0]
    image = folder / f"person-{number}.png"
    Image.fromarray(reference.round().to(torch.uint8).numpy()).save(image)
    audio = to_engine_wav(voice, folder / f"voice-{number}.wav")
    sound = openings_from_sound(read_wav(audio), frames)
    return HeldOut(number, person, scene, draw_prompt(scene, person, number, "held-out"), image, reference, audio, sound)


def _scene(number: int) -> Scene:
    wanted = SCENES[number % len(SCENES)]
    return next(scene for offset in range(10_000) if (scene := draw_scene(number * 10_000 + offset, "held-out")).name == wanted)


def to_rgb(pixels: Tensor) -> Tensor:
    """Pixels of the drawing (3, frames, height, width) in [−1, 1] → frames (frames, height, width, 3), 0 … 255."""
    return ((pixels.clamp(-1, 1) + 1) * 127.5).permute(1, 2, 3, 0)
