"""Clips made through the pipeline as requests would make them, for whichever method measures them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import shutil
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import torch
from torch import Tensor

from humo_engine.audio import read_wav
from humo_engine.pipeline import Pipeline, Silent
from humo_engine.protocol import parse_request
from humo_engine.settings import Settings
from humo_quality.asked import Asked
from humo_quality.controls import CONTROLS
from humo_quality.film import read_raw
from humo_quality.held_out import HeldOut, write_wav
from humo_quality.long import Piece, pieces_of, seams_of

Clip = HeldOut | Asked


@dataclass(frozen=True)
class Variant:
    """One way to make the clips: a request's shared part, and what a request does not say.

    `control` is a mistake made on purpose, `take` is "one" or "shots", `level` is by how many decibels the sound is louder.
    """

    name: str
    body: dict[str, object]
    control: str | None = None
    take: str = "one"
    level: float = 0.0

    @property
    def model(self) -> str:
        """Its name in generate.yaml."""
        return str(self.body["model"])


@dataclass(frozen=True)
class Made:
    """A clip: frames (frames, height, width, 3), uint8; the pieces it was asked for in, the frames that windows share, and what it took."""

    frames: Tensor
    pieces: list[Piece]
    seams: list[list[int]]
    seconds: float


def check_variant(variant: Variant, settings: Settings) -> None:
    """RequestError where the pipeline would not take what this variant asks for: before anything is drawn or loaded."""
    file = str(Path(__file__))  # in the place of picture and sound, which are not there yet
    body = {**variant.body, "prompt": "any", "mode": "TIA", "images": [file], "audio": file}
    parse_request({"id": "any", "outputDir": ".", "request": body}, settings, (variant.model,))


def make_clips(
    variant: Variant,
    pipelines: dict[str, Pipeline],
    settings: Settings,
    clips: Sequence[Clip],
    folder: Path,
    keep: Path | None = None,
    weights: Sequence[object] = (),
) -> tuple[list[Made], float]:
    """Every clip, through the pipeline as requests would go → the clips, and the seconds that one took.

    What lies in `keep` from an earlier run is taken from there, and what is made is kept there, whole or not at all. `weights` says which
    ones make them: what others made is another clip.
    """
    pipeline = pipelines[variant.model]
    prompts = [clip.prompt for clip in clips]
    made, seconds = [], 0.0
    for clip in clips:
        file = None if keep is None else keep / f"{_fingerprint(variant, settings, clip, weights)}.pt"
        shown = None if file is None else _kept(file)
        if shown is None:
            shown = _make_clip(variant, pipeline, settings, clip, prompts, folder)
            if file is not None:
                _keep(shown, file)
        made.append(shown)
        seconds += shown.seconds
        print(f"{variant.name}: clip {clip.number + 1} of {len(clips)}, {shown.seconds:.1f} s", file=sys.stderr, flush=True)
    return made, seconds / len(clips)


def _fingerprint(variant: Variant, settings: Settings, clip: Clip, weights: Sequence[object]) -> str:
    """Names a clip by all that it is made from, but for the code."""
    asked = [settings.profile, variant.body, variant.control, variant.take, variant.level, clip.number]
    asked += [clip.fingerprint] if isinstance(clip, Asked) else [clip.skin_group, clip.in_skins]
    asked += [
        settings.precision,
        settings.guidance_switch_timestep,
        *map(str, (settings.sampler, settings.takes, settings.frames)),
    ]
    asked += [str(settings.models[variant.model].scales), *map(str, weights)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]


def _keep(shown: Made, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}.part")
    try:
        torch.save({**vars(shown), "pieces": [astuple(piece) for piece in shown.pieces]}, partial)
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)


def _kept(file: Path) -> Made | None:
    """What `_keep` wrote; None where nothing lies there, or half of it."""
    if not file.is_file() or not zipfile.is_zipfile(file):
        return None
    try:
        kept = torch.load(file, weights_only=True)
        return Made(kept["frames"], [Piece(*piece) for piece in kept["pieces"]], kept["seams"], kept["seconds"])
    except (RuntimeError, pickle.UnpicklingError, KeyError, EOFError):
        return None


def _make_clip(
    variant: Variant, pipeline: Pipeline, settings: Settings, clip: Clip, prompts: Sequence[str], folder: Path
) -> Made:
    """One clip, in as many requests as its take is of."""
    audio = clip.audio
    if variant.level:
        audio = folder / "louder.wav"
        write_wav(audio, read_wav(clip.audio) * 10 ** (variant.level / 20))
    frames, seams, took = [], [], 0.0
    pieces = pieces_of(variant.take, int(str(variant.body["frames"])), settings.takes, settings.fps)
    for piece in pieces:
        out, begins = folder / "out", piece.start - piece.lead
        body = {
            **variant.body,
            "prompt": clip.prompt,
            "mode": "TA" if clip.image is None else "TIA",
            "images": [] if clip.image is None else [str(clip.image)],
            "audio": str(audio),
            "audioOffset": begins,
            "frames": piece.made,
            "seed": int(str(variant.body["seed"])) + clip.story,
        }
        message = {"id": f"clip-{clip.number}", "outputDir": str(out), "request": body}
        request = parse_request(message, settings, (variant.model,))
        active = CONTROLS[variant.control].active(pipeline, prompts) if variant.control else contextlib.nullcontext()
        with active:
            result = pipeline.generate(request, Silent())
        shown = read_raw(result.path, result.width, result.height)[piece.lead : piece.lead + piece.frames]
        frames.append(shown.to(torch.uint8))
        seams += [[begins + frame for frame in seam if frame > piece.lead] for seam in seams_of(pipeline.windows(request))]
        shutil.rmtree(out)
        took += sum(result.seconds.values())
    return Made(torch.cat(frames), pieces, seams, took)
