"""`memory plan`: what goes where, before loading."""

from __future__ import annotations

import argparse

from humo_engine.commands.options import Commands, gibibytes, model_name
from humo_engine.settings import MODELS


def add_to(commands: Commands) -> None:
    memory = commands.add_parser("memory", help="what goes where, before loading")
    plan = memory.add_subparsers(dest="action", required=True, metavar="ACTION").add_parser("plan", help="print the plan")
    plan.add_argument(
        "--model", type=model_name, action="append", metavar="{17b,1.7b}", help="of one process, in this order; default: both"
    )
    plan.add_argument(
        "--size", type=int, metavar="LINES", help="for clips of this many lines only; default: all that generate.yaml permits"
    )
    plan.add_argument("--limit", type=gibibytes, metavar="GIB", help="default: as generate.yaml says, or all of this card")
    plan.add_argument("--precision", choices=("bf16", "fp8", "fp32"), help="default: as generate.yaml says")
    plan.add_argument("--config", metavar="FILE", help="generate.yaml; default: the nearest one")
    plan.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from humo_engine.load import bytes_allowed, choose_device, effective_settings
    from humo_engine.memory.demand import Extent, demand_for
    from humo_engine.memory.description import describe
    from humo_engine.memory.plan import make_plan, plan_for

    settings = effective_settings(options.config, "official", options.precision, options.limit)
    models = list(dict.fromkeys(options.model or MODELS))
    limit = bytes_allowed(settings, choose_device())
    if options.size is None:
        plan = plan_for(settings, models, limit)
    else:
        extent = Extent(*settings.size(options.size), settings.frames.default)
        plan = make_plan(demand_for(models, extent, settings.precision), limit)
    together = " and ".join(model.replace("_", ".") for model in models)
    print(f"HuMo {together}, {settings.precision}" + (", in one process" if len(models) > 1 else ""))
    print("\n".join(describe(plan)))
    return 0
