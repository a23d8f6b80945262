"""`serve`: the engine as the worker starts it."""

from __future__ import annotations

import argparse

from humo_engine.commands.options import Commands, add_engine_options
from humo_engine.settings import MODELS


def add_to(commands: Commands) -> None:
    serve = commands.add_parser("serve", help="take requests on stdin and give events on stdout, models loaded")
    add_engine_options(serve)
    serve.add_argument("--model", action="append", choices=(*MODELS, "all"), help="may be given twice; default: 17b")
    serve.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from humo_engine.serve import serve

    def load():
        from humo_engine.load import choose_device, effective_settings, gpus_of, load_pipelines, loras_of

        settings = effective_settings(options.config, options.profile, options.precision, options.memory_limit)
        chosen = options.model or ["17b"]
        models = list(MODELS) if "all" in chosen else list(dict.fromkeys(chosen))
        device = choose_device(options.device)
        gpus = gpus_of(options, device)
        return load_pipelines(settings, models, options.weights, device, loras_of(options), gpus, switching=True), settings

    return serve(load)
