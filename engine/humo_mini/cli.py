"""The command line of the small model's training."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `mini train`."""
    parser.add_argument(
        "--out", type=Path, default=Path("mini-training/weights"), help="where weight files, pictures and the log go"
    )
    parser.add_argument("--state", type=Path, default=Path("mini-training/state"), help="what a later run goes on from")
    parser.add_argument(
        "--from",
        dest="start",
        type=Path,
        metavar="DIR",
        help="weight files that the transformers go on from; the rest stays as it is there",
    )
    parser.add_argument("--device", help="such as cuda:0 or cpu; default: all GPUs there are")
    parser.add_argument("--ranks", type=int, help="processes; default: one for each GPU")
    parser.add_argument(
        "--size", choices=("full", "small"), default="full", help="small: every stage for a moment, to try it out"
    )
    parser.add_argument("--steps", type=int, help="steps of every part, instead of the clock")
    parser.add_argument("--clock", type=float, default=1.0, help="stretches all times; 2 on one GPU makes it twenty minutes")
    parser.add_argument("--until", type=float, help="seconds from the start at which the transformers end")


def run(arguments: argparse.Namespace) -> int:
    """Train. Exit status 2 when something is missing, and a line that says what."""
    from humo_mini.train import SMALL, Plan, train

    plan = SMALL if arguments.size == "small" else Plan()
    times = ("text_seconds", "vae_until", "pool_until", "shorts_until", "train_until")
    plan = dataclasses.replace(plan, **{name: getattr(plan, name) * arguments.clock for name in times})
    plan = dataclasses.replace(plan, start=arguments.start)
    if arguments.until is not None:
        plan = dataclasses.replace(plan, train_until=arguments.until)
    if arguments.steps is not None:
        plan = dataclasses.replace(plan, steps=arguments.steps)
    try:
        train(plan, arguments.state, arguments.out, arguments.device, arguments.ranks)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="humo_mini", description="Make the weights of the profile `mini` from nothing.")
    commands = parser.add_subparsers(dest="command", required=True)
    add_arguments(commands.add_parser("train", help="train every part"))
    return run(parser.parse_args(words))
