"""`generate`: clips from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from humo_engine.commands.options import Commands, add_engine_options
from humo_engine.settings import SAMPLERS


def add_to(commands: Commands) -> None:
    generate = commands.add_parser(
        "generate",
        help="make one clip, or those of a case file, as MP4",
        epilog="key=value sets one thing more, such as steps=30, frames=49, scale_a=5.5, width=832 or seed=7",
    )
    add_engine_options(generate)
    generate.add_argument("--prompt", help="what happens in the clip")
    generate.add_argument("--image", action="append", type=Path, default=[], metavar="FILE", help="up to four times")
    generate.add_argument("--audio", type=Path, metavar="FILE", help="anything that ffmpeg reads")
    generate.add_argument("--cases", type=Path, metavar="FILE", help="several clips, in the form of examples/test_case.json")
    generate.add_argument(
        "--mode", choices=("TIA", "TA", "TI"), help="what a case file's cases use; else it follows from what is given"
    )
    generate.add_argument("--preset", help="a preset of generate.yaml")
    generate.add_argument("--shape", choices=("landscape", "portrait", "square"))
    generate.add_argument("--sampler", choices=SAMPLERS, help="lcm is for step-distilled LoRAs; default: unipc")
    generate.add_argument("--guidance", choices=("full", "audio", "none"), help="passes of a step; default: as the preset")
    generate.add_argument("--vocals", action="store_true", help="listen to the voice alone")
    generate.add_argument("--out", type=Path, metavar="FILE|DIR", help="an .mp4, or a folder with --cases; default: output")
    generate.add_argument("overrides", nargs="*", metavar="key=value")
    generate.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from humo_engine.generate import generate

    return generate(options)
