"""`humo-engine quality`: make held-out clips as requests would, measure them, and say what can be said."""

from __future__ import annotations

import argparse
import contextlib
import html
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor

from humo_engine.cases import CasesError, parse_overrides
from humo_engine.generate import request_body
from humo_engine.load import choose_device, effective_settings, load_pipelines, loras_of
from humo_engine.pipeline import Pipeline
from humo_engine.protocol import parse_request
from humo_engine.settings import Settings
from humo_quality.bars import Verdict, bars_table, judge_bars
from humo_quality.controls import CONTROLS
from humo_quality.film import agreement, as_json, in_words, read_frames, read_raw
from humo_quality.held_out import HeldOut, held_out_clips
from humo_quality.meter import Figures, by_skin, measure, summarise
from humo_quality.sheet import clip_row, contact_sheet, write_film_sheet
from humo_quality.statistics import Interval, paired

OTHERS = 5  # other clips, whose sounds and persons are compared with


@dataclass(frozen=True)
class Variant:
    """One way to make the clips: a request's shared part, and a mistake made on purpose, if any."""

    name: str
    body: dict[str, object]
    control: str | None = None


@dataclass
class Result:
    """What one variant made."""

    variant: Variant
    figures: list[Figures]
    summary: dict[str, Interval]
    frames: list[Tensor]


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
            full = _make(longer, pipelines, settings, clips, folder)
        results: list[Result] = []
        for variant in variants:
            made = _make(variant, pipelines, settings, clips, folder)
            compared = full or (results[0].frames if results else None)
            figures = [
                measure(clip, frames, _others(clips, index), None if compared is None else compared[index])
                for index, (clip, frames) in enumerate(zip(clips, made, strict=True))
            ]
            results.append(Result(variant, figures, summarise(figures), made))
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
        return [_variant(text, options, settings) for text in options.against]
    usual = _variant("default", options, settings)
    if options.controls:
        return [usual, *(Variant(name, usual.body, name) for name in CONTROLS)]
    return [usual]


def _variant(text: str, options: argparse.Namespace, settings: Settings) -> Variant:
    """`default`, a preset, a control, or key=value,key=value; over what --preset and --set say for all."""
    overrides, control = list(options.set), text if text in CONTROLS else None
    preset = options.preset
    if text in settings.presets:
        preset = text
    elif control is None and text != "default":
        overrides += text.split(",")
    values = parse_overrides(overrides)
    chosen = settings.preset(values.get("preset") or preset)
    model = values.get("model") or chosen.model
    return Variant(text, request_body(settings, chosen, model, options, values), control)


class _Quiet:
    def progress(self, *_: object) -> None:
        pass

    preview = progress

    def check(self) -> None:
        pass


def _make(
    variant: Variant, pipelines: dict[str, Pipeline], settings: Settings, clips: Sequence[HeldOut], folder: Path
) -> list[Tensor]:
    """Every clip, through the pipeline as a request would go."""
    model = str(variant.body["model"])
    pipeline, made = pipelines[model], []
    prompts = [clip.prompt for clip in clips]
    for clip in clips:
        out = folder / "out"
        body = {
            **variant.body,
            "prompt": clip.prompt,
            "mode": "TIA",
            "images": [str(clip.image)],
            "audio": str(clip.audio),
            "seed": int(str(variant.body["seed"])) + clip.number,
        }
        message = {"id": f"clip-{clip.number}", "outputDir": str(out), "request": body}
        request = parse_request(message, settings, (model,))
        active = CONTROLS[variant.control].active(pipeline, prompts) if variant.control else contextlib.nullcontext()
        with active:
            result = pipeline.generate(request, _Quiet())
        made.append(read_raw(result.path, result.width, result.height))
        shutil.rmtree(out)
        took = sum(result.seconds.values())
        print(f"{variant.name}: clip {clip.number + 1} of {len(clips)}, {took:.1f} s", file=sys.stderr, flush=True)
    return made


def _say(options: argparse.Namespace, settings: Settings, clips: Sequence[HeldOut], results: Sequence[Result]) -> int:
    first = results[0]
    groups = by_skin(clips, first.figures)
    verdicts = judge_bars(first.summary, groups) if options.bars else []
    document = {
        "profile": settings.profile,
        "variants": [
            {"name": r.variant.name, "request": r.variant.body, "summary": {k: asdict(v) for k, v in r.summary.items()}, "clips": r.figures}
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
        f"{result.variant.name}: {len(result.figures)} clips, steps {result.variant.body['steps']}; mean [95% interval over clips]"
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
        rows = [[clip.reference, *clip_row(frames)] for clip, frames in zip(clips, result.frames, strict=True)]
        contact_sheet(rows).save(folder / f"clips-{number}.png")
        prompts = "".join(f"<li>{html.escape(clip.prompt)}</li>" for clip in clips)
        pictures.append(
            f"<h2>{html.escape(result.variant.name)}</h2><p>Reference, then frames from first to last.</p>"
            f'<img src="clips-{number}.png" alt="contact sheet"><ol start="0">{prompts}</ol>'
        )
    page = f"<!doctype html><meta charset=utf-8><title>Quality</title><pre>{html.escape(text)}</pre>{''.join(pictures)}"
    (folder / "index.html").write_text(page, encoding="utf-8")
