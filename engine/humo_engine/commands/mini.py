"""`mini`: the small demonstration model."""

from __future__ import annotations

from humo_engine.commands.options import Commands


def add_to(commands: Commands) -> None:
    from humo_mini.cli import add_arguments, run

    mini = commands.add_parser("mini", help="the small demonstration model")
    train = mini.add_subparsers(dest="action", required=True, metavar="ACTION").add_parser("train", help="make its weights anew")
    add_arguments(train)
    train.set_defaults(run=run)
