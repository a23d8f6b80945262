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
    parser.add_argument("--state", type=Path, default=Path("mini-training/state"), help="what a later run resumes from")
    parser.add_argument(
        "--from",
        dest="start",
        type=Path,
        metavar="DIR",
        help="weight files that the transformers start from; the rest is taken as is",
    )
    parser.add_argument("--device", help="such as cuda:0 or cpu; default: all GPUs there are")
    parser.add_argument("--ranks", type=int, help="processes; default: one for each GPU, two for one")
    parser.add_argument(
        "--size", choices=("full", "small"), default="full", help="small: every stage for a moment, to try it out"
    )
    parser.add_argument("--steps", type=int, help="steps of every part, instead of the clock")
    parser.add_argument("--clock", type=float, default=1.0, help="stretches all times")
    parser.add_argument("--until", type=float, help="seconds from the start at which the transformers end")
    parser.add_argument(
        "--train-seconds", type=float, help="seconds that the transformers train for, if that ends before --until"
    )
    parser.add_argument("--text", action="store_true", help="with --from: the text encoder goes on, too")
    parser.add_argument(
        "--decoder-seconds", type=float, help="with --from: how long the VAE's decoder goes on; default: not at all"
    )
    parser.add_argument("--text-seconds", type=float, help="how long the text encoder trains")
    parser.add_argument(
        "--drawers",
        type=int,
        help="processes that draw clips on the CPU, also while the transformers train; default: GPUs draw them before",
    )
    parser.add_argument("--sounds", type=int, help="snippets of speech to make")
    parser.add_argument("--wait-for", type=Path, metavar="FILE", help="use no GPU before this file is there")
    parser.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        help="compile the transformers' blocks where that is faster; default: on one GPU",
    )
    parser.add_argument("--checks", type=int, help="clips to make and look at in the end")


def run(arguments: argparse.Namespace) -> int:
    """Train. Exit status 2 when something is missing, and a line that says what."""
    from humo_engine.load import choose_device
    from humo_mini.state import check_start, claim, make_whole
    from humo_mini.train import ALONE, SMALL, Plan, gpus_of, train

    alone = gpus_of(arguments.device) == 1 and arguments.ranks in (None, 2)
    plan = SMALL if arguments.size == "small" else ALONE if alone else Plan()
    times = ("text_seconds", "vae_until", "pool_until", "shorts_until", "train_until")
    plan = dataclasses.replace(plan, **{name: getattr(plan, name) * arguments.clock for name in times})
    plan = dataclasses.replace(plan, start=arguments.start, text_goes_on=arguments.text, wait_for=arguments.wait_for)
    given = {
        "drawers": arguments.drawers, "sounds": arguments.sounds, "check_clips": arguments.checks, "text_seconds": arguments.text_seconds,
        "train_seconds": arguments.train_seconds, "train_until": arguments.until, "compiled": arguments.compile, "decoder_seconds": arguments.decoder_seconds,
    }  # fmt: skip
    plan = dataclasses.replace(plan, **{name: value for name, value in given.items() if value is not None})
    if arguments.steps is not None:
        plan = dataclasses.replace(plan, steps=arguments.steps)
    try:
        if arguments.device is not None:
            choose_device(arguments.device)
        if arguments.start is not None:
            check_start(arguments.start)
        claim(arguments.state, arguments.size, arguments.start)
        make_whole(arguments.state, arguments.out)
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
