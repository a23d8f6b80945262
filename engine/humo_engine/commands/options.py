"""What several commands take."""

from __future__ import annotations

import argparse
import contextlib
import os
from pathlib import Path
from typing import Any, Protocol

from humo_engine.settings import MODELS

# As the worker: what one command fetches is where the other looks.
WEIGHTS = Path(os.environ.get("HUMO_WEIGHTS_DIRECTORY") or "weights")


class Commands(Protocol):
    """What `ArgumentParser.add_subparsers` gives, of a type that has no public name."""

    def add_parser(self, name: str, **keywords: Any) -> argparse.ArgumentParser: ...


def model_name(text: str) -> str:
    name = text.lower().replace(".", "_")
    if name not in MODELS:
        raise argparse.ArgumentTypeError(f"{text!r} is not 17b or 1.7b")
    return name


def gibibytes(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of GiB above 0")


def add_profile(parser: argparse.ArgumentParser, default: str = "official") -> None:
    """The profile: what is named, else HUMO_PROFILE, else what this command is for."""
    parser.add_argument(
        "--profile",
        default=os.environ.get("HUMO_PROFILE") or default,
        help=f"a profile of generate.yaml: official, mini, or tiny; default: HUMO_PROFILE, or {default}",
    )


def add_engine_options(parser: argparse.ArgumentParser, profile: str = "official") -> None:
    add_profile(parser, profile)
    parser.add_argument("--config", metavar="FILE", help="generate.yaml; default: the nearest one")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--precision", choices=("bf16", "fp8", "fp32"), help="default: as generate.yaml says")
    parser.add_argument("--memory-limit", type=gibibytes, metavar="GIB", help="of this process; default: as generate.yaml says")
    parser.add_argument(
        "--lora", action="append", default=[], metavar="FILE[=STRENGTH]", help="add it to the weights; may be repeated"
    )
    parser.add_argument(
        "--gpus", metavar="N|all", help="GPUs of this machine that make each clip together; default: HUMO_GPUS, or 1"
    )
    parser.add_argument("--device", help="such as cuda:0 or cpu; default: the first GPU, if there is one")
