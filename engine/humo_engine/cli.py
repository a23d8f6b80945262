"""The engine's command line: `humo-engine COMMAND`, in the repository `npm run engine -- COMMAND`. The commands are in `commands/`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from humo_engine.commands import bench, check_golden, generate, memory, mini, quality, serve, speech, weights
from humo_engine.commands.errors import explained

#: In the order of `--help`.
COMMANDS = (serve, check_golden, generate, speech, weights, memory, bench, quality, mini)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. Errors a person can put right are one message, not a trace."""
    # On a CPU shared with others, threads that spin while they wait for each other take the very time they wait for.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded, which comes later
    options = _parse(arguments)
    try:
        return options.run(options)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if (message := explained(error, options)) is None:
            raise
        print(f"humo-engine: {message}", file=sys.stderr)
        return 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments; key=value may stand before, between and after options, of which argparse takes but one group."""
    parser = argparse.ArgumentParser(prog="humo-engine", description="HuMo in PyTorch: text, images and speech to video.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    options, rest = parser.parse_known_args(arguments)
    unknown = [argument for argument in rest if argument.startswith("-") or options.command != "generate"]
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if rest:
        options.overrides += rest
    return options
