"""`humo-engine quality`: make held-out clips as requests would, measure them, and say what can be said."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import html
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from humo_engine.audio import read_wav
from humo_engine.cases import CasesError, parse_overrides
from humo_engine.generate import request_body
from humo_engine.load import choose_device, effective_settings, load_pipelines, loras_of
from humo_engine.pipeline import Pipeline, Silent
from humo_engine.protocol import parse_request
from humo_engine.settings import GUIDANCE, SAMPLERS, Settings, whole_frames
from humo_quality.bars import Verdict, bars_table, judge_bars
from humo_quality.controls import CONTROLS
from humo_quality.film import agreement, as_json, in_words, read_frames, read_raw
from humo_quality.held_out import HeldOut, held_out_clips, write_wav
from humo_quality.long import Piece, measure_long, pieces_of, seams_of
from humo_quality.meter import Figures, by_skin, summarise
from humo_quality.sheet import clip_row, contact_sheet, write_film_sheet
from humo_quality.statistics import Interval, paired

OTHERS = 5  # other clips, whose sounds and persons are compared with


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


@dataclass
class Result:
    """What one variant made."""

    variant: Variant
    figures: list[Figures]
    summary: dict[str, Interval]
    frames: list[Tensor]
    seconds: float


def quality(options: argparse.Namespace) -> int:
    """Run the command. Exit status 1 says that a bar does not hold, or a control was not named."""
    if options.film is not None:
        return _film(options)
    if options.clips < 1:
        raise CasesError(f"--clips {options.clips}: at least one clip is needed")
    settings = effective_settings(options.config, options.profile, options.precision, options.memory_limit)
    variants = _variants(options, settings)
    models = list(dict.fromkeys(str(variant.body["model"]) for variant in variants))
    pipelines = load_pipelines(settings, models, options.weights, choose_device(options.device), loras_of(options))
    with tempfile.TemporaryDirectory(prefix="humo-quality-") as name:
        folder = Path(name)
        size = {(variant.body["width"], variant.body["height"], variant.body["frames"]) for variant in variants}
        if len(size) != 1:
            raise CasesError("settings of different sizes or lengths cannot be compared clip by clip: set the same for both")
        width, height, frames = size.pop()
        clips = held_out_clips(options.clips, folder, (width, height), frames)
        full: list[Tensor] | None = None
        if options.full_steps is not None:
            longer = Variant("full steps", {**variants[0].body, "steps": options.full_steps})
            full = [made.frames for made in _make(longer, pipelines, settings, clips, folder, options.keep)[0]]
        results: list[Result] = []
        for variant in variants:
            made, seconds = _make(variant, pipelines, settings, clips, folder, options.keep)
            compared = full or (results[0].frames if results else None)
            figures = [
                measure_long(
                    clip,
                    shown.frames.float(),
                    _others(clips, index),
                    shown.pieces,
                    shown.seams,
                    None if compared is None else compared[index].float(),
                )
                for index, (clip, shown) in enumerate(zip(clips, made, strict=True))
            ]
            results.append(Result(variant, figures, summarise(figures), [shown.frames for shown in made], seconds))
    return _say(options, settings, clips, results)


def _film(options: argparse.Namespace) -> int:
    frames = read_frames(options.film)
    if options.sheet is not None:
        write_film_sheet(frames, options.sheet)
    with tempfile.TemporaryDirectory(prefix="humo-quality-") as name:
        found = agreement(options.film, frames, Path(name))
    print(as_json(found) if options.json else in_words(found))
    return 0


def _others(clips: Sequence[HeldOut], index: int) -> list[HeldOut]:
    return [clips[(index + step) % len(clips)] for step in range(1, min(OTHERS, len(clips) - 1) + 1)]


def _variants(options: argparse.Namespace, settings: Settings) -> list[Variant]:
    if options.against is not None:
        if len(options.against) < 2:
            raise CasesError("--against needs two settings or more; the first is what the others are compared with")
        return [_variant(text, options, settings) for text in options.against]
    usual = _variant("default", options, settings)
    if options.controls:
        return [usual, *(replace(usual, name=name, control=name) for name in _controls_for(usual, settings))]
    return [usual]


def _controls_for(usual: Variant, settings: Settings) -> list[str]:
    """Those that a clip of this length can show."""
    at_once = settings.frames_at_once(int(str(usual.body["width"])), int(str(usual.body["height"])))
    is_long = int(str(usual.body["frames"])) > at_once
    return [name for name, control in CONTROLS.items() if control.of_windows == is_long]


def _variant(text: str, options: argparse.Namespace, settings: Settings) -> Variant:
    """`default`, a preset, a control, or key=value,key=value; over what --preset and --set say for all."""
    overrides, control = list(options.set), text if text in CONTROLS else None
    preset = options.preset
    if text in settings.presets:
        preset = text
    elif control is None and text != "default":
        overrides += text.split(",")
    own, rest = _own_settings([] if options.take is None else [f"take={options.take}"], overrides)
    values = parse_overrides(rest)
    if options.seconds is not None:
        values.setdefault("frames", whole_frames(options.seconds * settings.fps))
    chosen = settings.preset(values.get("preset") or preset)
    model = values.get("model") or chosen.model
    body = request_body(settings, chosen, model, options, values)
    for key, share in own.items():
        if key in ("sampler", "guidance"):
            body[key] = share
        elif key == "caching":
            body[key] = {"threshold": share}
        elif key.startswith("gating_"):
            body["gating"] = {**body.get("gating", {}), key.removeprefix("gating_"): share}
    return Variant(text, body, control, own.get("take", "one"), own.get("level", 0.0))


OWN_SETTINGS: dict[str, tuple[str, ...] | None] = {
    "take": ("one", "shots"), "sampler": SAMPLERS, "guidance": GUIDANCE, "gating_text": None, "gating_audio": None, "caching": None, "level": None,
}  # fmt: skip
"""Keys that `generate` does not have, with their choices; None stands for a number."""


def _own_settings(first: list[str], overrides: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Which of `key=value` are the meter's own, as values, and the others. CasesError names a value that cannot be."""
    own: dict[str, Any] = {}
    others: list[str] = []
    for text in (*first, *overrides):
        key, equals, value = text.partition("=")
        if not equals or key not in OWN_SETTINGS:
            others.append(text)
        elif (choices := OWN_SETTINGS[key]) is None:
            try:
                own[key] = float(value)
            except ValueError as error:
                raise CasesError(f"{key}: {value!r} is not a number") from error
        elif value not in choices:
            raise CasesError(f"{key}: {value!r} does not exist; choose from {', '.join(choices)}")
        else:
            own[key] = value
    return own, others


def _make(
    variant: Variant,
    pipelines: dict[str, Pipeline],
    settings: Settings,
    clips: Sequence[HeldOut],
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
        asked = json.dumps([settings.profile, variant.body, variant.control, variant.take, variant.level, clip.number])
        file = None if keep is None else keep / f"{hashlib.sha256(asked.encode()).hexdigest()[:24]}.pt"
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
    variant: Variant, pipeline: Pipeline, settings: Settings, clip: HeldOut, prompts: Sequence[str], folder: Path
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
            "mode": "TIA",
            "images": [str(clip.image)],
            "audio": str(audio),
            "audioOffset": begins,
            "frames": piece.made,
            "seed": int(str(variant.body["seed"])) + clip.number,
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


def _say(options: argparse.Namespace, settings: Settings, clips: Sequence[HeldOut], results: Sequence[Result]) -> int:
    first = results[0]
    groups = by_skin(clips, first.figures)
    verdicts = judge_bars(first.summary, groups) if options.bars else []
    document = {
        "profile": settings.profile,
        "variants": [
            {"name": r.variant.name, "request": r.variant.body, "take": r.variant.take, "secondsOfAClip": r.seconds, "summary": {k: asdict(v) for k, v in r.summary.items()}, "clips": r.figures}
            for r in results
        ],
        "skinColours": groups,
        "bars": [asdict(verdict) for verdict in verdicts],
    }  # fmt: skip
    text = _text(options, results, verdicts)
    if options.report is not None:
        _write_report(options.report, clips, results, text, document)
    print(json.dumps(document, ensure_ascii=False) if options.json else text)
    missed = options.controls and any(_naming(first, result) is None for result in results[1:])
    return 1 if missed or any(not verdict.holds for verdict in verdicts) else 0


def _text(options: argparse.Namespace, results: Sequence[Result], verdicts: Sequence[Verdict]) -> str:
    parts = [summary_table(results[0])]
    if options.controls:
        parts.append("\n".join(_control_line(results[0], result) for result in results[1:]))
    else:
        parts += [f"{summary_table(result)}\n\n{difference_table(results[0], result)}" for result in results[1:]]
    if verdicts:
        parts.append(bars_table(verdicts))
    return "\n\n".join(parts)


def summary_table(result: Result) -> str:
    """One line a figure: its mean and the 95% interval over clips (bootstrap; Wilson's for yes or no)."""
    lines = [
        f"{result.variant.name}: {len(result.figures)} clips, steps {result.variant.body['steps']}, {result.seconds:.1f} s a clip; "
        "mean [95% interval over clips]"
    ]
    for name, value in result.summary.items():
        interval = f"[{value.low:.3f}, {value.high:.3f}]" if math.isfinite(value.low) else "[one clip]"
        lines.append(
            f"  {name:<26} {value.mean:>8.3f}  {interval}"
            + (f"  {value.count} clips" if value.count < len(result.figures) else "")
        )
    return "\n".join(lines)


def difference_table(a: Result, b: Result) -> str:
    """B − A of each clip: mean, interval, and whether it is real."""
    lines = [f"{b.variant.name} − {a.variant.name}, pair by pair; mean [95% interval]"]
    for name in a.summary:
        pair = paired([clip[name] for clip in a.figures], [clip[name] for clip in b.figures])
        if pair is not None:
            value, real = pair
            lines.append(
                f"  {name:<26} {value.mean:>+8.3f}  [{value.low:+.3f}, {value.high:+.3f}]  {'real' if real else 'within noise'}"
            )
    return "\n".join(lines)


def _naming(usual: Result, spoilt: Result) -> str | None:
    """The figure that names a control: it changes as expected, and the change is real."""
    for name, sign in CONTROLS[spoilt.variant.control or ""].named_by.items():
        pair = paired([clip[name] for clip in usual.figures], [clip[name] for clip in spoilt.figures])
        if pair is not None and pair[1] and pair[0].mean * sign > 0:
            value = pair[0]
            return f"{name} {value.mean:+.3f} [{value.low:+.3f}, {value.high:+.3f}]"
    return None


def _control_line(usual: Result, spoilt: Result) -> str:
    found = _naming(usual, spoilt)
    return f"{CONTROLS[spoilt.variant.control or ''].what}: " + (f"named by {found}" if found else "NOT NAMED")


def _write_report(
    folder: Path, clips: Sequence[HeldOut], results: Sequence[Result], text: str, document: dict[str, object]
) -> None:
    """index.html with the tables and a contact sheet of every variant, and all numbers in quality.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "quality.json").write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    pictures = []
    for number, result in enumerate(results):
        rows = [[clip.reference, *clip_row(frames.float())] for clip, frames in zip(clips, result.frames, strict=True)]
        contact_sheet(rows).save(folder / f"clips-{number}.png")
        prompts = "".join(f"<li>{html.escape(clip.prompt)}</li>" for clip in clips)
        pictures.append(
            f"<h2>{html.escape(result.variant.name)}</h2><p>Reference, then frames from first to last.</p>"
            f'<img src="clips-{number}.png" alt="contact sheet"><ol start="0">{prompts}</ol>'
        )
    page = f"<!doctype html><meta charset=utf-8><title>Quality</title><pre>{html.escape(text)}</pre>{''.join(pictures)}"
    (folder / "index.html").write_text(page, encoding="utf-8")
