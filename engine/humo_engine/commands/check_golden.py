"""`check-golden`: is this code still the one whose results were recorded?"""

from __future__ import annotations

import argparse
from pathlib import Path

from humo_engine.commands.options import Commands


def add_to(commands: Commands) -> None:
    check = commands.add_parser("check-golden", help="compare the code with recorded data; exits 1 on any miss")
    check.add_argument("folder", type=Path, metavar="DIR")
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from humo_engine.golden import check, format_table

    rows = check(options.folder)
    print(format_table(rows))
    return 0 if all(row.passed for row in rows) else 1
