"""`bench`: speed, error and memory."""

from __future__ import annotations

import argparse

from humo_engine.commands.options import Commands, model_name
from humo_engine.settings import MODELS


def add_to(commands: Commands) -> None:
    bench = commands.add_parser("bench", help="speed, error and memory on random weights, one JSON line a case")
    bench.add_argument("--model", type=model_name, action="append", metavar="{17b,1.7b}", help="default: both")
    bench.add_argument("--size", type=int, action="append", metavar="LINES", help="default: all that generate.yaml permits")
    bench.add_argument("--precision", action="append", choices=("bf16", "fp8"), help="default: both")
    bench.add_argument(
        "--case",
        action="append",
        metavar="CASE",
        help="one that engine/BENCHMARKS.md names, such as pass or clip; default: all",
    )
    bench.add_argument(
        "--limit", type=_whole_gibibytes, action="append", metavar="GIB", help="for the case limit; default: 24 and 48"
    )
    bench.add_argument(
        "--budget",
        type=float,
        metavar="SECONDS",
        help="for the cases gpus and clip: after so long, skip what is left; default: none",
    )
    bench.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from humo_engine.bench.registry import CASES
    from humo_engine.bench.run import LIMITS_GIB, run_bench

    good = run_bench(
        options.model or MODELS, options.size, options.precision or ("bf16", "fp8"), options.case or CASES,
        options.limit or LIMITS_GIB, write=lambda line: print(line, flush=True), budget=options.budget,
    )  # fmt: skip
    return 0 if good else 1


def _whole_gibibytes(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of GiB above 0")
    return int(text)
