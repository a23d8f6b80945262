"""The case `cold`: a fresh process, from its start to its first pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from humo_engine.bench.device import forget, wait
from humo_engine.bench.random_parts import random_conditions, random_transformer
from humo_engine.bench.subject import Bench, Choices, forward, make_fast, toy
from humo_engine.checkpoint import load_transformer
from humo_engine.fast import keep_compiled_code
from humo_engine.model import SIZES
from humo_engine.units import GIB

STARTED_VARIABLE = "HUMO_BENCH_STARTED"  # when the measured process was asked for, in seconds since 1970


def measure(bench: Bench, choices: Choices) -> None:
    """Import, load and compile of a fresh process, and the compilation again when it is in the cache."""
    with tempfile.TemporaryDirectory() as folder:
        model = random_transformer(bench.size if bench.family == "1_7b" else toy(bench.family), torch.bfloat16, bench.device)
        file = f"{folder}/weights.safetensors"
        save_file({key: value.cpu().contiguous() for key, value in model.state_dict().items()}, file)
        del model
        forget(bench.device)
        environment = {**os.environ, "HUMO_CACHE": folder, "TORCHINDUCTOR_CACHE_DIR": "", "TRITON_CACHE_DIR": ""}
        for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
            environment.pop(name)
        sides = (str(bench.width), str(bench.height), str(bench.frames))
        for cache in ("empty", "filled"):
            command = [sys.executable, "-m", "humo_engine.bench.cold", bench.family, *sides, file]
            start = time.perf_counter()
            environment[STARTED_VARIABLE] = str(time.time())
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
            if done.returncode != 0:
                raise RuntimeError(done.stderr[-600:])
            parts = json.loads(done.stdout.splitlines()[-1])
            bench.emit(
                case="cold_start",
                model=bench.family,
                compile_cache=cache,
                **parts,
                process_seconds=round(time.perf_counter() - start, 2),
            )


def _cold(family: str, width: int, height: int, frames: int, file: str) -> None:
    import_seconds = time.time() - float(os.environ[STARTED_VARIABLE])
    imported = time.perf_counter()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    full = device.type == "cuda" and family == "1_7b"
    size = SIZES[family] if full else toy(family)
    bench = Bench(device, family, width, height, frames, size, lambda **_: None)
    model = load_transformer(size, [Path(file)], bench.dtype, family).to(device)
    wait(device)
    loaded = time.perf_counter()
    keep_compiled_code()
    conditions, latents = random_conditions(bench, model)
    make_fast(bench, model)
    forward(bench, model, latents, conditions)
    wait(device)
    compiled = time.perf_counter()
    print(
        json.dumps(
            {
                "import_seconds": round(import_seconds, 2),
                "load_seconds": round(loaded - imported, 2),
                "loaded_gib": round(Path(file).stat().st_size / GIB, 2),
                "first_pass_seconds": round(compiled - loaded, 2),
            }
        )
    )


if __name__ == "__main__":
    _cold(sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5])
