"""Clips made through the pipeline as requests would make them, for whichever method measures them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
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


@dataclass(frozen=True)
class Made:
    """A clip: frames (frames, height, width, 3), uint8; the pieces it was asked for in, the frames that windows share, and what it took."""

    frames: Tensor
    pieces: list[Piece]
    seams: list[list[int]]
    seconds: float


def make_clips(
    variant: Variant,
    pipelines: dict[str, Pipeline],
    settings: Settings,
    clips: Sequence[Clip],
    folder: Path,
    keep: Path | None = None,
) -> tuple[list[Made], float]:
    """Every clip, through the pipeline as requests would go → the clips, and the seconds that one took.

    What lies in `keep` from an earlier run is taken from there, and what is made is kept there.
    """
    pipeline = pipelines[str(variant.body["model"])]
    prompts = [clip.prompt for clip in clips]
    made, seconds = [], 0.0
    for clip in clips:
        asked = [settings.profile, variant.body, variant.control, variant.take, variant.level, clip.number]
        if isinstance(clip, Asked):
            asked.append(clip.fingerprint)
        elif clip.in_skins:
            asked.append(clip.skin_group)
        name = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]
        file = None if keep is None else keep / f"{name}.pt"
        if file is not None and file.is_file():
            kept = torch.load(file, weights_only=True)
            shown = Made(kept["frames"], [Piece(*piece) for piece in kept["pieces"]], kept["seams"], kept["seconds"])
        else:
            shown = _make_clip(variant, pipeline, settings, clip, prompts, folder)
            if file is not None:
                keep.mkdir(parents=True, exist_ok=True)
                torch.save({**vars(shown), "pieces": [astuple(piece) for piece in shown.pieces]}, file)
        made.append(shown)
        seconds += shown.seconds
        print(f"{variant.name}: clip {clip.number + 1} of {len(clips)}, {shown.seconds:.1f} s", file=sys.stderr, flush=True)
    return made, seconds / len(clips)


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
        request = parse_request(message, settings, (str(variant.body["model"]),))
        active = CONTROLS[variant.control].active(pipeline, prompts) if variant.control else contextlib.nullcontext()
        with active:
            result = pipeline.generate(request, Silent())
        shown = read_raw(result.path, result.width, result.height)[piece.lead : piece.lead + piece.frames]
        frames.append(shown.to(torch.uint8))
        seams += [[begins + frame for frame in seam if frame > piece.lead] for seam in seams_of(pipeline.windows(request))]
        shutil.rmtree(out)
        took += sum(result.seconds.values())
    return Made(torch.cat(frames), pieces, seams, took)
