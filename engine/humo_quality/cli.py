"""`humo-engine quality`: make held-out clips as requests would, measure them, and say what can be said."""

from __future__ import annotations

import argparse
import html
import itertools
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from humo_engine.cases import CasesError, parse_overrides
from humo_engine.generate import request_body
from humo_engine.load import choose_device, effective_settings, gpus_of, load_pipelines, loras_of
from humo_engine.lora import Lora
from humo_engine.mini import FOLDER as MINI_WEIGHTS
from humo_engine.settings import GUIDANCE, SAMPLERS, Settings, whole_frames
from humo_engine.weights.sums import file_hash
from humo_engine.weights.verify import known_sums
from humo_quality.asked import Asked, asked_clips, other_sounds
from humo_quality.bars import BY_SKIN, Verdict, bars_table, judge_bars
from humo_quality.controls import CONTROLS
from humo_quality.film import DRAWN_SIDE, REAL_SIDE, agreement, as_json, in_words, read_frames, watch
from humo_quality.held_out import SKIN_GROUPS, HeldOut, held_out_clips
from humo_quality.long import measure_long
from humo_quality.making import Clip, Made, Variant, check_variant, make_clips
from humo_quality.meter import Figures, by_skin, summarise
from humo_quality.real import Judge, load_judge, measure_real
from humo_quality.real_report import ShownClips, circumstances, how_to_send, write_real_report
from humo_quality.sheet import clip_row, contact_sheet, write_film_sheet
from humo_quality.statistics import Interval, paired
from humo_quality.syncnet import SHORTEST

CLIPS, CLIPS_OF_REAL = 24, 8  # clips that are made unless another number is asked for: one of the official weights takes minutes
MOST_DECIBELS = 100
OTHERS = 5  # other clips, whose sounds and persons are compared with


REPORT_OF_REAL = Path("quality-report")


@dataclass
class Result:
    """What one variant made, and in clips of real people each clip's faces as SyncNet saw them."""

    variant: Variant
    figures: list[Figures]
    summary: dict[str, Interval]
    frames: list[Tensor]
    seconds: float
    faces: list[Tensor | None]


def quality(options: argparse.Namespace) -> int:
    """Run the command. Exit status 1 says that a bar does not hold, or a control was not named."""
    if options.film is not None:
        return _film(options)
    if options.clips is not None and options.clips < 1:
        raise CasesError(f"--clips {options.clips}: at least one clip is needed")
    if options.controls and options.against is not None:
        raise CasesError(
            "--controls makes mistakes of one setting: leave --against out, or name single mistakes there, such as audio-late"
        )
    fewest = 2 * (len(SKIN_GROUPS) if options.skins else 1)
    if options.controls and (options.clips or CLIPS) < fewest:
        raise CasesError(f"--controls compares clips, of {fewest} at least: leave --clips out, or give more")
    if options.skins and (options.clips or CLIPS) % len(SKIN_GROUPS):
        raise CasesError(
            f"--clips {options.clips}: with --skins a number that three divides, such as 24, since each person comes in three skins"
        )
    settings = effective_settings(options.config, options.profile, options.precision, options.memory_limit)
    variants = _variants(options, settings)
    # A profile's most steps are for those who wait in a queue: whoever measures may ask for more.
    settings = replace(settings, maximum_steps=None)
    asked = list(variants)
    if options.full_steps is not None:
        asked.append(Variant("full steps", {**variants[0].body, "steps": options.full_steps}))
    for variant in asked:
        check_variant(variant, settings)
    sizes = {(variant.body["width"], variant.body["height"], variant.body["frames"]) for variant in variants}
    if len(sizes) != 1:
        raise CasesError("settings of different sizes or lengths cannot be compared clip by clip: set the same for both")
    for name, folder in (("--keep", options.keep), ("--report", options.report)):
        if folder is not None:
            make_folder(name, folder)
    width, height, frames = sizes.pop()
    judge = _judge(options, settings, frames)
    with tempfile.TemporaryDirectory(prefix="humo-quality-") as name:
        folder = Path(name)
        if judge is None:
            clips = held_out_clips(options.clips or CLIPS, folder, (width, height), frames, options.skins)
        else:
            clips = asked_clips(options.clips or CLIPS_OF_REAL, folder, (width, height), frames, options.persons, options.speech)
        models = list(dict.fromkeys(variant.model for variant in variants))
        switching = any("loras" in variant.body for variant in variants)
        device = choose_device(options.device)
        gpus = gpus_of(options, device)
        if gpus > 1 and any(variant.control for variant in variants):
            raise CasesError("mistakes are made on purpose on one GPU only: leave --gpus and HUMO_GPUS out")
        pipelines = load_pipelines(settings, models, options.weights, device, loras_of(options), gpus, switching)
        weights = [] if options.keep is None else weights_used(settings, models, options.weights, loras_of(options))

        def make(variant: Variant) -> tuple[list[Made], float]:
            return make_clips(variant, pipelines, settings, clips, folder, options.keep, weights)

        full: list[Tensor] | None = None
        if len(asked) > len(variants):
            full = [made.frames for made in make(asked[-1])[0]]
        results: list[Result] = []
        for variant in variants:
            made, seconds = make(variant)
            compared = full or (results[0].frames if results else None)
            results.append(_result(variant, clips, made, seconds, compared, judge))
        if judge is None:
            return _say(options, settings, clips, results)
        return _say_real(options, settings, clips, results, str(device))


def make_folder(option: str, folder: Path) -> None:
    """The folder that an option names, made before the work that is to lie in it. CasesError if something else is there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise CasesError(f"{option} {folder}: a file is there; name a folder") from error


def weights_used(settings: Settings, models: Sequence[str], folder: Path, loras: Sequence[Lora]) -> list[object]:
    """What tells the weights of one run from those of another: sums where they are known, else a file's size and time."""
    used: list[object] = [*loras]
    if settings.weights == "mini":
        used += [file_hash(file) for file in sorted(MINI_WEIGHTS.glob("*.safetensors"))]
    elif settings.weights == "official":
        used += [sha256 for _, _, sha256 in known_sums(folder, models)]
    for file in (folder / lora.file for lora in loras):
        if file.is_file():
            used.append((file.stat().st_size, file.stat().st_mtime_ns))
    return used


def _result(
    variant: Variant,
    clips: Sequence[Clip],
    made: Sequence[Made],
    seconds: float,
    compared: Sequence[Tensor] | None,
    judge: Judge | None,
) -> Result:
    """What is measured of the clips of a variant: with SyncNet where there is a `judge`, else as the drawn world allows."""
    figures: list[Figures] = []
    faces: list[Tensor | None] = []
    for index, (clip, shown) in enumerate(zip(clips, made, strict=True)):
        full = None if compared is None else compared[index].float()
        frames = shown.frames.float()
        if judge is None:
            figures.append(measure_long(clip, frames, _others(clips, index), shown.pieces, shown.seams, full))
            continue
        others = other_sounds(clips, index, OTHERS)
        values, face = measure_real(clip, frames, others, shown.pieces, shown.seams, judge, full)
        figures.append(values)
        faces.append(face)
        print(f"{variant.name}: clip {index + 1} of {len(clips)} measured", file=sys.stderr, flush=True)
    return Result(variant, figures, summarise(figures), [shown.frames for shown in made], seconds, faces)


def _judge(options: argparse.Namespace, settings: Settings, frames: int) -> Judge | None:
    """SyncNet and the face detector where real people are measured, before anything else is loaded; None for the drawn world."""
    method = options.method or ("syncnet" if settings.weights == "official" else "drawn")
    if method == "drawn":
        if options.persons is not None or options.speech is not None:
            raise CasesError("--persons and --speech are for real people: add --method syncnet, or leave them out")
        return None
    if options.bars or options.controls or options.skins:
        raise CasesError("--bars, --controls and --skins are for the drawn world of mini: leave them out, or add --method drawn")
    if frames < SHORTEST:
        raise CasesError(f"clips of {frames} frames are too short for SyncNet: it needs {SHORTEST} or more, such as --seconds 3")
    return load_judge(options.weights)


def _film(options: argparse.Namespace) -> int:
    judge = load_judge(options.weights) if options.method == "syncnet" else None
    frames = read_frames(options.film, DRAWN_SIDE if judge is None else REAL_SIDE)
    if options.sheet is not None:
        write_film_sheet(frames, options.sheet)
    with tempfile.TemporaryDirectory(prefix="humo-quality-") as name:
        if judge is not None:
            watched = watch(options.film, frames, Path(name), judge)
            print(watched.as_json() if options.json else watched.in_words())
            return 0
        found = agreement(options.film, frames, Path(name))
    print(as_json(found) if options.json else in_words(found))
    return 0


def _others(clips: Sequence[HeldOut], index: int) -> list[HeldOut]:
    """The clips after it, of other people."""
    each = len(SKIN_GROUPS) if clips[index].in_skins else 1
    return [clips[(index + step * each) % len(clips)] for step in range(1, min(OTHERS, len(clips) // each - 1) + 1)]


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
    if unused := sorted(values.keys() & NOT_OF_A_CLIP.keys()):
        raise CasesError(f"{unused[0]}: {NOT_OF_A_CLIP[unused[0]]}")
    if options.seconds is not None:
        values.setdefault("frames", whole_frames(options.seconds * settings.fps))
    chosen = settings.preset(values.get("preset") or preset)
    model = values.get("model") or chosen.model
    body = request_body(settings, chosen, model, options, values)
    body["steps"] = values.get("steps", body["steps"])  # what is named is measured, however many
    if model == chosen.model and chosen.loras:
        body["loras"] = chosen.request["loras"]
    for key, share in own.items():
        if key in ("sampler", "guidance"):
            body[key] = share
        elif key == "caching":
            body[key] = {"threshold": share}
        elif key.startswith("gating_"):
            body["gating"] = {**body.get("gating", {}), key.removeprefix("gating_"): share}
    return Variant(text, body, control, own.get("take", "one"), own.get("level", 0.0))


NOT_OF_A_CLIP = {
    "mode": "the meter's clips have a picture and a sound each (TIA); no other mode can be measured",
    "cases": "the meter's clips are its own", "output": "--report names a folder for pictures, --keep one for clips",
    "precision": "--precision sets it, for all clips",
}  # fmt: skip
"""Keys of `generate` that change nothing here, and what to do instead."""

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
            own[key] = _number(key, value)
        elif value not in choices:
            raise CasesError(f"{key}: {value!r} does not exist; choose from {', '.join(choices)}")
        else:
            own[key] = value
    return own, others


def _number(key: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError as error:
        raise CasesError(f"{key}: {value!r} is not a number") from error
    if key == "level" and not abs(number) <= MOST_DECIBELS:
        raise CasesError(f"level: {value} is not a number of decibels from -{MOST_DECIBELS} to {MOST_DECIBELS}")
    return number


def _say(options: argparse.Namespace, settings: Settings, clips: Sequence[HeldOut], results: Sequence[Result]) -> int:
    first = results[0]
    groups = by_skin(clips, first.figures)
    verdicts = judge_bars(first.summary, groups) if options.bars else []
    document = {
        "profile": settings.profile,
        "variants": _variants_as_data(results),
        "differences": [] if options.controls else _differences_as_data(results),
        "controls": _controls_as_data(results) if options.controls else [],
        "skinColours": groups,
        "bars": [asdict(verdict) for verdict in verdicts],
    }
    text = _text(options, results, verdicts)
    if options.report is not None:
        _write_report(options.report, clips, results, text, document)
    print(json.dumps(document, ensure_ascii=False) if options.json else text)
    missed = options.controls and any(_naming(first, result) is None for result in results[1:])
    return 1 if missed or any(not verdict.holds for verdict in verdicts) else 0


def _say_real(
    options: argparse.Namespace, settings: Settings, clips: Sequence[Asked], results: Sequence[Result], device: str
) -> int:
    """The tables, and always a report: what took so long is worth keeping."""
    models = list(dict.fromkeys(str(result.variant.body["model"]) for result in results))
    loras = sorted({lora["file"] for result in results for lora in result.variant.body.get("loras", [])})
    document = {
        "profile": settings.profile,
        "method": "SyncNet",
        "made": circumstances(settings, models, loras, options.weights, device),
        "persons": "from words alone" if options.persons is None else "the owner's pictures",
        "speech": "the meter's recordings" if options.speech is None else "the owner's recordings",
        "prompts": [clip.prompt for clip in clips],
        "variants": _variants_as_data(results),
        "differences": _differences_as_data(results),
    }
    text = _text(options, results, [])
    folder = options.report or REPORT_OF_REAL
    shown = [ShownClips(result.variant.name, result.frames, result.faces) for result in results]
    write_real_report(folder, clips, shown, text, document)
    print(
        json.dumps(document, ensure_ascii=False)
        if options.json
        else f"{text}\n\n{how_to_send(folder, options.persons is not None)}"
    )
    return 0


def _variants_as_data(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [
        {
            "name": result.variant.name,
            "request": result.variant.body,
            "take": result.variant.take,
            "secondsOfAClip": result.seconds,
            "summary": {name: interval.as_data() for name, interval in result.summary.items()},
            "clips": result.figures,
        }
        for result in results
    ]


def _text(options: argparse.Namespace, results: Sequence[Result], verdicts: Sequence[Verdict]) -> str:
    parts = [summary_table(results[0])]
    if options.controls:
        parts.append("\n".join(_control_line(results[0], result) for result in results[1:]))
    else:
        parts += [f"{summary_table(result)}\n\n{difference_table(results[0], result)}" for result in results[1:]]
    if options.skins:
        parts.append(skins_table(results[0].figures))
    if verdicts:
        parts.append(bars_table(verdicts))
        if not options.skins:
            parts.append(groups_note(len(results[0].figures)))
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


def groups_note(clips: int) -> str:
    """What the gaps between skin colours are worth where each group is of other people: one clip more or less, and how to know."""
    each = max(1, clips // len(SKIN_GROUPS))
    return (
        f"The groups of skin colours are {each} clips each, of other people: one clip more or less is {1 / each:.3f} of a share.\n"
        "Whether a gap is the skin's is told by the same people in three skins: --skins --clips 96."
    )


def skins_table(figures: Sequence[Figures]) -> str:
    """One line a figure of clips that come in threes: its mean in each skin colour, and where two differ the most, person by person."""
    groups = {name: figures[index :: len(SKIN_GROUPS)] for index, name in enumerate(SKIN_GROUPS)}
    summaries = [summarise(group) for group in groups.values()]
    lines = [f"{' / '.join(groups)}, and the two that differ the most, person by person; mean [95% interval]"]
    for name in BY_SKIN:
        pairs = [
            (first, second, pair)
            for first, second in itertools.combinations(groups, 2)
            if (pair := paired([clip[name] for clip in groups[first]], [clip[name] for clip in groups[second]])) is not None
        ]
        if not pairs:
            continue
        first, second, (value, real) = max(pairs, key=lambda each: abs(each[2][0].mean))
        means = " / ".join(f"{summary[name].mean:.3f}" for summary in summaries)
        lines.append(f"  {name:<26} {means}  {second} − {first} {value.as_change()}  {'real' if real else 'within noise'}")
    return "\n".join(lines)


def differences(a: Result, b: Result) -> dict[str, tuple[Interval, bool]]:
    """B − A of each figure that both have, and whether it is real."""
    # Shots have no figure of one take's windows, and the other way round.
    pairs = {name: paired([clip.get(name) for clip in a.figures], [clip.get(name) for clip in b.figures]) for name in a.summary}
    return {name: pair for name, pair in pairs.items() if pair is not None}


def difference_table(a: Result, b: Result) -> str:
    """B − A of each clip: mean, interval, and whether it is real."""
    lines = [f"{b.variant.name} − {a.variant.name}, pair by pair; mean [95% interval]"]
    for name, (value, real) in differences(a, b).items():
        lines.append(
            f"  {name:<26} {value.mean:>+8.3f}  [{value.low:+.3f}, {value.high:+.3f}]  {'real' if real else 'within noise'}"
        )
    if len(lines) == 1:
        lines.append("  one pair says nothing of what is real: make two clips or more")
    return "\n".join(lines)


def _differences_as_data(results: Sequence[Result]) -> list[dict[str, Any]]:
    first = results[0]
    return [
        {
            "name": result.variant.name,
            "against": first.variant.name,
            "figures": {name: {**value.as_data(), "real": real} for name, (value, real) in differences(first, result).items()},
        }
        for result in results[1:]
    ]


def _controls_as_data(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [
        {
            "name": result.variant.name,
            "what": CONTROLS[result.variant.name].what,
            "namedBy": None if found is None else {"figure": found[0], **found[1].as_data()},
        }
        for result in results[1:]
        for found in [_naming(results[0], result)]
    ]


def _naming(usual: Result, spoilt: Result) -> tuple[str, Interval] | None:
    """The figure that names a control, and by how much it changes: as expected, and the change is real."""
    for name, sign in CONTROLS[spoilt.variant.name].named_by.items():
        pair = paired([clip[name] for clip in usual.figures], [clip[name] for clip in spoilt.figures])
        if pair is not None and pair[1] and pair[0].mean * sign > 0:
            return name, pair[0]
    return None


def _control_line(usual: Result, spoilt: Result) -> str:
    said, found = CONTROLS[spoilt.variant.name].what, _naming(usual, spoilt)
    if found is None:
        return f"{said}: NOT NAMED"
    name, value = found
    return f"{said}: named by {name} {value.as_change()}"


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
