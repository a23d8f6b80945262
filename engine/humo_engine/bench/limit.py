"""The case `limit`: a request within a memory limit, in a process of its own."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import torch

from humo_engine.bench.request import measure_request
from humo_engine.bench.subject import Bench, Choices
from humo_engine.fast import keep_compiled_code
from humo_engine.memory.demand import Extent, demand_for
from humo_engine.memory.limit import limit_process
from humo_engine.memory.plan import make_plan
from humo_engine.model import SIZES
from humo_engine.units import GIB


def measure(bench: Bench, choices: Choices) -> None:
    """Emit a line for each precision and limit. Nothing without a GPU, whose memory is what is limited."""
    for precision, limit in itertools.product(choices.precisions, choices.limits if bench.device.type == "cuda" else ()):
        _in_own_process(bench, limit, precision, choices.write)


def _in_own_process(bench: Bench, limit: int, precision: str, write: Callable[[str], None]) -> None:
    # The limit counts from the process's first allocation, and locked memory is given back at its end.
    sides = (str(bench.width), str(bench.height), str(bench.frames))
    command = [sys.executable, "-m", "humo_engine.bench.limit", bench.family, *sides, str(limit), precision]
    done = subprocess.run(command, capture_output=True, text=True, timeout=420)
    if done.returncode != 0:
        raise RuntimeError(f"within {limit} GiB: {done.stderr[-600:]}")
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            write(line)


def _limited(family: str, width: int, height: int, frames: int, limit: int, precision: str) -> None:
    device = torch.device("cuda")
    limit_process(limit, device)
    plan = make_plan(demand_for([family], Extent(width, height, frames), precision), limit * GIB)
    keep_compiled_code()

    def emit(**fields: Any) -> None:
        print(json.dumps({**fields, "device": torch.cuda.get_device_name(), "torch": torch.__version__}, ensure_ascii=False))

    measure_request(Bench(device, family, width, height, frames, SIZES[family], emit), plan, precision)


if __name__ == "__main__":
    _limited(sys.argv[1], *map(int, sys.argv[2:6]), sys.argv[6])
