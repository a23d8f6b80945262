"""The engine's command line: `humo-engine COMMAND`, or `npm run engine -- COMMAND`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

MODELS = ("17b", "1_7b")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. Errors a person can mend are one message, not a trace."""
    # On a CPU shared with others, threads that spin while they wait for each other take the very time they wait for.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded, which comes later
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if getattr(error, "code", None) is None and not isinstance(error, (ValueError, OSError)) and not _is_ours(error):
            raise
        print(f"humo-engine: {error}", file=sys.stderr)
        return 1


def _is_ours(error: Exception) -> bool:
    return type(error).__module__.startswith("humo_engine.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="humo-engine", description="HuMo in PyTorch: text, images and speech to video.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="take requests on stdin and give events on stdout, models loaded")
    _add_engine_options(serve)
    serve.add_argument("--model", action="append", choices=(*MODELS, "all"), help="may be given twice; default: 17b")
    serve.set_defaults(run=_serve)

    check = commands.add_parser("check-golden", help="compare the code with recorded data; exits 1 on any miss")
    check.add_argument("folder", type=Path, metavar="DIR")
    check.set_defaults(run=_check_golden)

    generate = commands.add_parser(
        "generate",
        help="make one clip, or those of a case file, as MP4",
        epilog="key=value sets one thing more, such as steps=30, frames=49, scale_a=5.5, width=832 or seed=7",
    )
    _add_engine_options(generate)
    generate.add_argument("--prompt", help="what happens in the clip")
    generate.add_argument("--image", action="append", type=Path, default=[], metavar="FILE", help="up to four times")
    generate.add_argument("--audio", type=Path, metavar="FILE", help="anything that ffmpeg reads")
    generate.add_argument("--cases", type=Path, metavar="FILE", help="several clips, in the form of examples/test_case.json")
    generate.add_argument("--mode", choices=("TIA", "TA", "TI"), help="with --cases; else it follows from what is given")
    generate.add_argument("--preset", help="a preset of generate.yaml")
    generate.add_argument("--shape", choices=("landscape", "portrait", "square"))
    generate.add_argument("--vocals", action="store_true", help="listen to the voice alone")
    generate.add_argument("--out", type=Path, metavar="FILE|DIR", help="an .mp4, or a folder with --cases; default: output")
    generate.add_argument("overrides", nargs="*", metavar="key=value")
    generate.set_defaults(run=_generate)
    return parser


def _add_engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", default="official", help="a profile of generate.yaml: official, or tiny")
    parser.add_argument("--config", metavar="FILE", help="generate.yaml; default: the nearest one")
    parser.add_argument("--weights", type=Path, default=Path("weights"), metavar="DIR", help="default: weights")
    parser.add_argument("--precision", choices=("bf16", "fp8", "fp32"), help="default: as generate.yaml says")
    parser.add_argument("--memory-limit", type=float, metavar="GIB", help="of this process; default: as generate.yaml says")
    parser.add_argument("--device", help="such as cuda:0 or cpu; default: the first GPU, if there is one")


def _serve(options: argparse.Namespace) -> int:
    from humo_engine.serve import serve

    def load():
        from humo_engine.load import choose_device, effective_settings, load_pipelines

        settings = effective_settings(options.config, options.profile, options.precision, options.memory_limit)
        chosen = options.model or ["17b"]
        models = list(MODELS) if "all" in chosen else list(dict.fromkeys(chosen))
        return load_pipelines(settings, models, options.weights, choose_device(options.device)), settings

    return serve(load)


def _check_golden(options: argparse.Namespace) -> int:
    from humo_engine.golden import check, format_table

    rows = check(options.folder)
    print(format_table(rows))
    return 0 if all(row.passed for row in rows) else 1


def _generate(options: argparse.Namespace) -> int:
    from humo_engine.generate import generate

    return generate(options)
