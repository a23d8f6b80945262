"""The report of clips of real people: what an owner of the official weights can look at, keep, and send."""

from __future__ import annotations

import datetime
import html
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from humo_engine.mini import FOLDER as MINI_WEIGHTS
from humo_engine.settings import Settings
from humo_engine.weights.lock import SYNCNET, read_lock
from humo_engine.weights.sums import file_hash
from humo_engine.weights.verify import known_sums
from humo_quality.asked import Asked
from humo_quality.sheet import clip_row, contact_sheet

LONGER_SIDE = 208  # pixels of a picture on a sheet: to be looked at, and small enough to be sent
FACE_SIDE = 112
QUALITY = 85  # of JPEG
ABOUT = """Clips of the model, and what was measured of them. LSE-C (more is better), LSE-D (less is better) and AV offset (frames by which
lips are late) are SyncNet's; &ldquo;shuffled sound&rdquo; is the same with other clips' sounds, which is what they are worth where nothing agrees. Faces come from another
detector than in most published tables: compare these figures with each other, and with theirs only roughly. Whether a person looks
like the picture is not measured: look at the pictures."""


@dataclass(frozen=True)
class ShownClips:
    """The clips of one variant: frames (frames, height, width, 3), uint8, and faces (frames, 224, 224, 3) where there is one."""

    name: str
    frames: Sequence[Tensor]
    faces: Sequence[Tensor | None]


def circumstances(settings: Settings, models: Sequence[str], loras: Sequence[str], weights: Path, device: str) -> dict[str, Any]:
    """When, with what and on what the clips were made.

    Sums of weights are those of the lock, or what a download or conversion recorded: none but the small files of `mini` are read for them.
    """
    own = sorted(MINI_WEIGHTS.glob("*.safetensors")) if settings.weights == "mini" else []
    files = [{"file": file.name, "sha256": file_hash(file)} for file in own]
    locked = [*(models if settings.weights == "official" else ()), SYNCNET]
    files += [{"file": place, "sha256": sha256} for place, _, sha256 in known_sums(weights, locked)]
    sums = {entry.place: entry.sha256 for entry in read_lock()}
    files += [{"file": Path(lora).name, "sha256": sums.get(lora)} for lora in loras]
    gpu = torch.cuda.get_device_name(device) if device.startswith("cuda") else None
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "engine": version("humo-engine"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "gpu": gpu,
        "precision": settings.precision,
        "weights": files,
    }


def write_real_report(
    folder: Path, clips: Sequence[Asked], shown: Sequence[ShownClips], text: str, document: dict[str, Any]
) -> None:
    """index.html with the figures and contact sheets, and all numbers in quality.json. No name of a file of the owner's is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "quality.json").write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    parts = [f"<p>{ABOUT}</p>", f"<pre>{html.escape(text)}</pre>"]
    prompts = "".join(f"<li>{html.escape(clip.prompt)}</li>" for clip in clips)
    for number, variant in enumerate(shown):
        rows = [_row(clip, frames) for clip, frames in zip(clips, variant.frames, strict=True)]
        contact_sheet(rows).save(folder / f"clips-{number}.jpg", quality=QUALITY)
        first = "Reference, then frames" if clips[0].reference is not None else "Frames"
        parts.append(
            f"<h2>{html.escape(variant.name)}</h2><p>{first} from first to last.</p>"
            f'<img src="clips-{number}.jpg" alt="contact sheet"><ol start="0">{prompts}</ol>'
        )
        faces = [[_small(face, FACE_SIDE) for face in clip_row(found)] for found in variant.faces if found is not None]
        those = ", ".join(str(index) for index, found in enumerate(variant.faces) if found is not None)
        lost = sum(found is None for found in variant.faces)
        if faces:
            contact_sheet(faces).save(folder / f"faces-{number}.jpg", quality=QUALITY)
            parts.append(f'<p>The faces as SyncNet saw them, of clips {those}.</p><img src="faces-{number}.jpg" alt="faces">')
        if lost:
            parts.append(f"<p>No face was to be followed in {lost} of {len(clips)} clips: these have no figures of lips.</p>")
    made = html.escape(json.dumps(document["made"], ensure_ascii=False, indent=1))
    people = html.escape(f"Persons: {document['persons']}. Speech: {document['speech']}.")
    parts.append(f"<h2>How it was made</h2><p>{people}</p><pre>{made}</pre>")
    parts.append(f"<p>{html.escape(how_to_send(folder, clips[0].image is not None))}</p>")
    style = "<style>body{font-family:sans-serif;max-width:60em;margin:2em auto}img{max-width:100%}pre{overflow-x:auto}</style>"
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Quality</title>{style}<h1>Quality</h1>{"".join(parts)}</html>'
    (folder / "index.html").write_text(page, encoding="utf-8")


def how_to_send(folder: Path, shows_persons: bool) -> str:
    """One line: where the report is, and how it comes to us."""
    name = folder.name
    line = f"The report: {name}/index.html. To send it: zip -r {name}.zip {name}, and attach that to an issue of this project."
    if shows_persons:
        line += " It shows the persons of your pictures, and an issue is public: ask them first, or send quality.json alone, which has no picture."
    return line


def _row(clip: Asked, frames: Tensor) -> list[Tensor]:
    shown = clip_row(frames)
    return [_small(picture, LONGER_SIDE) for picture in (shown if clip.reference is None else [clip.reference, *shown])]


def _small(picture: Tensor, longer_side: int) -> Tensor:
    """A picture (height, width, 3), made no larger than that."""
    height, width = picture.shape[:2]
    scale = min(1.0, longer_side / max(height, width))
    size = (round(height * scale), round(width * scale))
    return F.interpolate(picture.float().permute(2, 0, 1)[None], size, mode="bilinear", antialias=scale < 1)[0].permute(1, 2, 0)
