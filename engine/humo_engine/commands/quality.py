"""`quality`: how well clips follow their sound, look like their reference and show their prompt."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from humo_engine.commands.options import Commands, add_engine_options
from humo_engine.settings import SAMPLERS


def add_to(commands: Commands) -> None:
    quality = commands.add_parser(
        "quality",
        help="how well clips follow their sound, look like their reference and show their prompt; of held-out clips, or of a film",
        epilog="A of --against: default, a preset, a mistake made on purpose (such as audio-late), or key=value,key=value: the keys of --set, "
        "and take, sampler, guidance, gating_text, gating_audio, caching, level (decibels)",
    )
    add_engine_options(quality, profile="mini")
    quality.add_argument(
        "--film",
        type=Path,
        metavar="FILE",
        help="measure how lips and sound of this video agree, and nothing else; a real face with --method syncnet",
    )
    quality.add_argument("--sheet", type=Path, metavar="PNG", help="with --film: also a contact sheet")
    quality.add_argument(
        "--method",
        choices=("drawn", "syncnet"),
        help="drawn: as the drawn world of mini allows; syncnet: SyncNet and a face detector, for real people "
        "(`weights download --syncnet`); default: syncnet for official weights, else drawn",
    )
    quality.add_argument(
        "--persons", type=Path, metavar="DIR", help="with syncnet: reference pictures; default: people from words alone"
    )
    quality.add_argument("--speech", type=Path, metavar="DIR", help="with syncnet: recordings; default: the meter's own")
    quality.add_argument("--clips", type=int, metavar="N", help="default: 24; with syncnet 8")
    quality.add_argument("--seconds", type=seconds, metavar="S", help="how long the clips are; default: the usual length")
    quality.add_argument(
        "--take", choices=("one", "shots"), help="of long clips: one continuous take, which is the default, or shots"
    )
    quality.add_argument("--preset", help="a preset of generate.yaml")
    quality.add_argument("--shape", choices=("landscape", "portrait", "square"))
    quality.add_argument(
        "--set", action="append", default=[], metavar="key=value", help="as `generate` takes them; may be repeated"
    )
    quality.add_argument(
        "--against", nargs="+", metavar="A", help="settings against the first of them, clip by clip: which differences are real"
    )
    quality.add_argument(
        "--controls", action="store_true", help="mistakes made on purpose, one after the other, and what names each"
    )
    quality.add_argument("--full-steps", type=int, metavar="N", help="also with so many steps, and the distance to that")
    quality.add_argument("--bars", action="store_true", help="what mini has to reach; exits 1 if something does not hold")
    quality.add_argument(
        "--skins",
        action="store_true",
        help="each person, scene and voice in three skin colours: what differs between them is the skin's; clips by threes",
    )
    quality.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the clips there, and take those that are; for one state of the code",
    )
    quality.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="write a page with pictures, and all numbers; default: none; with syncnet quality-report",
    )
    quality.add_argument("--json", action="store_true", help="for programs")
    quality.add_argument("--sampler", choices=SAMPLERS, help="default: unipc")
    quality.add_argument("--guidance", choices=("full", "audio", "none"), help="passes of a step; default: full")
    quality.set_defaults(run=run, vocals=False)


def seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")


def run(options: argparse.Namespace) -> int:
    from humo_quality.cli import quality

    return quality(options)
