"""The clips that are asked of a model of real people: an owner's pictures and recordings, or people from words alone in voices of ours."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from humo_engine.audio import read_wav, to_engine_wav
from humo_engine.cases import CasesError
from humo_engine.images import letterbox, read_image
from humo_quality.held_out import recorded, to_rgb, voice_files

PICTURES = (".jpeg", ".jpg", ".png", ".webp")
SOUNDS = (".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav")
PEOPLE = (
    "A woman in her thirties with short dark hair and a green jumper",
    "A man in his fifties with a grey beard and a blue shirt",
    "A young woman with dark skin, long braids and a yellow jacket",
    "An old man with a bald head, round glasses and a brown cardigan",
    "A young man with black hair and a white T-shirt",
    "An old woman with white hair and a red scarf",
    "A man in his thirties with dark skin, a short beard and a grey suit",
    "A woman in her forties with red curls and a black dress",
)
WHO_IS_SHOWN = "The person of the picture"
PLACES = (
    "in a bright office", "in a library, in front of shelves", "in a kitchen in the morning", "in a park in summer",
    "in front of a plain grey wall", "in a studio with a microphone", "on a busy street at dusk", "in a living room by lamplight",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A clip to ask for. Without `image` and `reference` (height, width, 3; 0 … 255) the person is made from the prompt alone."""

    number: int
    prompt: str
    image: Path | None
    reference: Tensor | None
    audio: Path
    samples: Tensor

    @property
    def story(self) -> int:
        """What its noise is drawn from."""
        return self.number

    @property
    def fingerprint(self) -> str:
        """Says whether two clips are asked for with the same files, whatever these are called."""
        digest = hashlib.sha256(self.prompt.encode() + self.audio.read_bytes())
        digest.update(b"" if self.image is None else self.image.read_bytes())
        return digest.hexdigest()


def asked_clips(
    count: int, folder: Path, size: tuple[int, int], frames: int, persons: Path | None = None, speech: Path | None = None
) -> list[Asked]:
    """`count` clips; their sounds are written to `folder`. Pictures, recordings, people and places each go round.

    Without `persons` people are made from words, without `speech` they speak in the recordings of the drawn world's meter. All files are
    read here, before anything is made. CasesError for a folder without any, ValueError for a file that cannot be read.
    """
    pictures = None if persons is None else files_of(persons, PICTURES, "--persons")
    sounds = None if speech is None else files_of(speech, SOUNDS, "--speech")
    voices = voice_files()
    clips = []
    for number in range(count):
        image = None if pictures is None else pictures[number % len(pictures)]
        reference = None if image is None else to_rgb(letterbox(read_image(image), *size))[0]
        if sounds is None:
            audio = recorded(number, voices, folder, frames)
        else:
            audio = to_engine_wav(sounds[number % len(sounds)], folder / f"voice-{number}.wav")
        who = PEOPLE[number % len(PEOPLE)] if image is None else WHO_IS_SHOWN
        prompt = f"{who} looks into the camera and speaks {PLACES[number % len(PLACES)]}."
        clips.append(Asked(number, prompt, image, reference, audio, read_wav(audio)))
    return clips


def files_of(folder: Path, endings: tuple[str, ...], option: str) -> list[Path]:
    """The files of a folder with one of these endings, by name. CasesError if there are none."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in endings)
    except OSError as error:
        raise CasesError(f"{option} {folder}: {error.strerror or error}") from error
    if not files:
        raise CasesError(f"{option} {folder}: no file there ends in {', '.join(endings)}")
    return files


def other_sounds(clips: list[Asked], index: int, most: int) -> list[Tensor]:
    """Samples of up to `most` other clips that say something else."""
    own = clips[index].samples
    others = [clips[(index + step) % len(clips)].samples for step in range(1, len(clips))]
    return [sound for sound in others if not torch.equal(sound, own)][:most]
