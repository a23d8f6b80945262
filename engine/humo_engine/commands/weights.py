"""`weights`: download, verify, convert or pin."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from humo_engine.commands.errors import explained
from humo_engine.commands.options import WEIGHTS, Commands, add_profile, model_name
from humo_engine.settings import MODELS

if TYPE_CHECKING:
    from humo_engine.weights.events import Tell


def add_to(commands: Commands) -> None:
    weights = commands.add_parser("weights", help="download, verify, convert or pin the official weights")
    actions = weights.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, help_text in (
        ("download", "download what is missing; resumes where it stopped (HF_TOKEN is used if set)"),
        ("verify", "read every file and compare its SHA-256"),
        ("convert", "write the fp32 transformer as bf16 beside it, so that later starts read half"),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument("--model", type=model_name, action="append", metavar="{17b,1.7b}", help="default: both")
        action.add_argument("--weights", type=Path, default=WEIGHTS, metavar="DIR", help="default: %(default)s")
        if name != "convert":
            add_profile(action)
            action.add_argument("--config", metavar="FILE", help="generate.yaml; default: the nearest one")
            action.add_argument("--vocals", action="store_true", help="also the model that isolates the voice")
            action.add_argument(
                "--voices",
                action="store_true",
                help="the voices for typed words: alone, unless --model or --vocals is given, too",
            )
            action.add_argument(
                "--syncnet",
                action="store_true",
                help="SyncNet and a face detector, which `quality` measures real faces with: alone, as above",
            )
            action.add_argument(
                "--lora",
                action="append",
                default=[],
                metavar="NAME",
                help="a LoRA of the lock file, by its name or its file's, such as lightx2v-4step: alone, as above; may be repeated",
            )
        action.add_argument("--json", action="store_true", help="for programs: events on stdout, one JSON object a line")
        action.set_defaults(run=run)
    actions.add_parser("pin", help="rewrite the lock file from the hub").set_defaults(run=run, json=False)


def run(options: argparse.Namespace) -> int:
    from humo_engine.weights.events import Failed, as_line, tell_people

    if not options.json:
        return _act(options, tell_people)
    from humo_engine.serve_output import claim_stdout

    events = claim_stdout()

    def tell(event) -> None:
        print(as_line(event), file=events)

    try:
        return _act(options, tell)
    except Exception as error:
        if (message := explained(error, options)) is None:
            raise
        tell(Failed(message))
        return 1


def _act(options: argparse.Namespace, tell: Tell) -> int:
    from humo_engine.weights.download import download
    from humo_engine.weights.events import Included
    from humo_engine.weights.lock import SYNCNET, lora_named
    from humo_engine.weights.pin import pin
    from humo_engine.weights.verify import verify

    if options.action == "pin":
        pin()
        return 0
    models = options.model or list(MODELS)
    if options.action == "convert":
        from humo_engine.weights.convert import convert  # PyTorch, which none of the others needs
        from humo_engine.weights.events import Converted
        from humo_engine.weights.pickles import require_pickles

        for model in models:
            require_pickles(options.weights, model)
            tell(Converted(str(convert(options.weights, model, tell))))
        return 0
    loras = [lora_named(name) for name in options.lora]
    names_more = bool(options.voices or options.syncnet or loras)
    if not options.model and not options.vocals and (names_more or _brings_its_own(options)):
        models = []
        if not names_more:
            tell(Included(options.profile))
            return 0
    wanted = [*models, *loras, *(name for name in ("vocals", "voices", SYNCNET) if getattr(options, name))]
    if options.action == "verify":
        return 0 if verify(options.weights, wanted, tell=tell) else 1
    download(options.weights, wanted, tell=tell)
    return 0


def _brings_its_own(options: argparse.Namespace) -> bool:
    """Whether the profile runs without the official weights. That of the usual name is not looked up: these commands work without a generate.yaml."""
    if options.profile == "official":
        return False
    from humo_engine.settings import load_settings

    return load_settings(options.config, options.profile).weights != "official"
