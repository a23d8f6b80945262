"""Clips from the shell: `generate --prompt … --image … --audio … --out clip.mp4`, or a whole case file."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humo_engine.audio import read_wav, to_engine_wav
from humo_engine.cases import Case, CasesError, parse_overrides, read_cases
from humo_engine.images import read_image
from humo_engine.load import choose_device, effective_settings, gpus_of, load_pipelines, loras_of
from humo_engine.pipeline import Clip
from humo_engine.prompts import is_empty
from humo_engine.protocol import Request, RequestError, parse_request
from humo_engine.settings import Settings
from humo_engine.vocals import find_separator

DEFAULT_OUTPUT = Path("output")
OTHER_FORMATS = (".avi", ".gif", ".m4v", ".mkv", ".mov", ".mpeg", ".mpg", ".webm", ".webp")  # else a folder would get that name
CRF = "17"  # visually lossless for H.264


@dataclass
class _Terminal:
    """Shows progress on stderr, on one line where that is a terminal."""

    name: str

    def progress(self, stage: str, step: int, steps: int, seconds_per_step: float | None, eta: float | None) -> None:
        text = f"{self.name}: {stage} {step}/{steps}" + (f", {eta:.0f} s left" if eta is not None else "")
        end = "\r" if sys.stderr.isatty() and step < steps else "\n"
        print(f"{text:<60}", end=end, file=sys.stderr, flush=True)

    def preview(self, path: Path, step: int) -> None:
        pass

    def frames(self, path: Path, first: int, count: int) -> None:
        pass

    def check(self) -> None:
        pass


def generate(options: argparse.Namespace) -> int:
    """Run the command `generate`. Raises ValueError and its kin, each naming the argument to change."""
    overrides = parse_overrides(options.overrides)
    settings = effective_settings(
        options.config, options.profile, overrides.get("precision") or options.precision, options.memory_limit
    )
    cases, out = _cases(options, overrides), options.out or Path(overrides.get("output", DEFAULT_OUTPUT))
    preset = settings.preset(overrides.get("preset") or options.preset)
    model = overrides.get("model") or preset.model
    body = request_body(settings, preset, model, options, overrides)
    targets = _targets(cases, out)
    if shutil.which("ffmpeg") is None:
        raise CasesError("ffmpeg is not installed; it reads the sound and writes the MP4")
    if options.vocals:
        find_separator(options.weights)
    with tempfile.TemporaryDirectory(prefix="humo-generate-") as folder:
        requests = _requests(cases, body, settings, Path(folder))
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
        device = choose_device(options.device)
        gpus = gpus_of(options, device)
        loras = [*(preset.loras if preset.model == model else ()), *loras_of(options)]
        pipeline = load_pipelines(settings, [model], options.weights, device, loras, gpus)[model]
        for case, request, target in zip(cases, requests, targets, strict=True):
            for warning in request.warnings:
                print(f"{case.name}: {warning}", file=sys.stderr)
            clip = pipeline.generate(request, _Terminal(case.name))
            _encode(clip, case.audio, target)
            shutil.rmtree(request.output_dir)
            took = sum(clip.seconds.values())
            print(f"{target}: {clip.count} frames of {clip.width}×{clip.height}, seed {clip.seed}, {took:.1f} s"
                  + (", random weights" if pipeline.components.weights == "random" else ""))  # fmt: skip
    return 0


def _requests(cases: list[Case], body: dict[str, Any], settings: Settings, folder: Path) -> list[Request]:
    """The cases as requests, their media read once, so that nothing is loaded or made when the last of them cannot be.

    CasesError names every case that cannot.
    """
    requests: list[Request] = []
    problems: dict[str, list[str]] = {}  # by what is wrong, which is often the same for all
    for number, case in enumerate(cases):
        try:
            requests.append(_request(case, body, settings, folder / str(number)))
        except (RequestError, ValueError) as error:
            problems.setdefault(str(error), []).append(case.name)
    if problems:
        raise CasesError("\n".join(f"{', '.join(names)}: {problem}" for problem, names in problems.items()))
    return requests


def _request(case: Case, body: dict[str, Any], settings: Settings, folder: Path) -> Request:
    folder.mkdir()
    audio = None if case.audio is None else to_engine_wav(case.audio, folder / "audio.wav")
    request = parse_request(
        {
            "id": case.name,
            "outputDir": str(folder),
            "request": {
                **body,
                "prompt": case.prompt,
                "mode": _mode(case.images, case.audio),
                "images": [str(path) for path in case.images],
                "audio": None if audio is None else str(audio),
            },
        },
        settings,
        (body["model"],),
    )
    for path in request.images:
        read_image(path)
    if audio is not None:
        read_wav(audio)
    return request


def _cases(options: argparse.Namespace, overrides: dict[str, Any]) -> list[Case]:
    mode = overrides.get("mode") or options.mode
    file = options.cases or (Path(overrides["cases"]) if "cases" in overrides and not options.prompt else None)
    if file is not None:
        if options.prompt or options.image or options.audio:
            raise CasesError("give either --cases or --prompt, --image and --audio")
        return read_cases(file, mode or "TIA")
    if not options.prompt or is_empty(options.prompt):
        raise CasesError("--prompt is missing: say what happens in the clip, such as --prompt 'A woman speaks'")
    if not options.image and options.audio is None:
        raise CasesError("give --image, --audio or both: HuMo needs someone to show or something to say")
    for path in (*options.image, *([options.audio] if options.audio else [])):
        if not path.is_file():
            raise CasesError(f"there is no file {path}")
    given = _mode(options.image, options.audio)
    if mode not in (None, given):
        raise CasesError(f"mode {mode} does not fit the inputs, which make it {given}: change one of them")
    return [Case("clip", options.prompt, tuple(options.image), options.audio)]


def _mode(images: Sequence[Path], audio: Path | None) -> str:
    return "T" + ("I" if images else "") + ("A" if audio else "")


def request_body(
    settings: Settings, preset: Any, model: str, options: argparse.Namespace, overrides: dict[str, Any]
) -> dict[str, Any]:
    """The part of the request that all cases share."""
    width, height = settings.size(preset.lines, options.shape)
    steps = overrides.get("steps", preset.steps)
    scales = {
        short: overrides[name]
        for short, name in (("audio", "audio_scale"), ("text", "text_scale"), ("image", "image_scale"))
        if name in overrides
    }
    return {
        "model": model,
        "width": overrides.get("width", width),
        "height": overrides.get("height", height),
        "frames": overrides.get("frames", settings.frames.default),
        "steps": min(steps, settings.maximum_steps or steps),
        "shift": overrides.get("shift", settings.sampler.shift),
        "seed": overrides.get("seed", 0),
        "negativePrompt": overrides.get("negative_prompt", settings.negative_prompt),
        "scales": scales,
        # LoRAs are added for good here: the process makes nothing else.
        **preset.shortcuts,
        **({} if options.sampler is None else {"sampler": options.sampler}),
        **({} if options.guidance is None else {"guidance": options.guidance}),
        "vocals": options.vocals,
    }


def _targets(cases: list[Case], out: Path) -> list[Path]:
    """Where each clip goes: `out` itself for one clip if it names an .mp4, else a file in that folder for each."""
    suffix = out.suffix.lower()
    if suffix in OTHER_FORMATS:
        raise CasesError(f"--out {out}: clips are written as .mp4 only: name an .mp4 file, or a folder")
    if suffix == ".mp4":
        if len(cases) != 1:
            raise CasesError(f"--out names one file, but there are {len(cases)} cases: name a folder")
        return [out]
    return [out / f"{case.name}.mp4" for case in cases]


def _encode(clip: Clip, audio: Path | None, target: Path) -> None:
    """Raw frames and the sound as it was given → H.264 and AAC in an MP4 of exactly the clip's length."""
    length = f"{clip.count / clip.fps:.6f}"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file,pipe"]
    command += ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{clip.width}x{clip.height}"]
    command += ["-framerate", str(clip.fps), "-i", str(clip.path)]
    if audio is not None:
        command += ["-protocol_whitelist", "file,pipe", "-i", str(audio), "-map", "0:v", "-map", "1:a:0"]
        command += ["-af", f"apad=whole_dur={length}", "-c:a", "aac", "-b:a", "192k"]
    command += ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p", "-c:v", "libx264", "-crf", CRF]
    command += ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"]
    command += ["-t", length, "-map_metadata", "-1", "-movflags", "+faststart", str(target)]
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        if target.is_file():
            target.unlink()  # what there is of it nobody can play
        if "No space left on device" in error.stderr:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from error
        raise OSError(f"ffmpeg could not write {target}: {error.stderr.strip()[-500:]}") from error
