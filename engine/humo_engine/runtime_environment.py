"""What people type to run the engine, where this runs: said by every message that names a command."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def own_command(arguments: str, name: str = "engine") -> str:
    """The command line for `arguments` of `humo_engine`, or of `humo_provenance` with that name.

    `npm run` in the repository; in the worker's image, which has none, the program that docker/worker/humo-engine is, through
    Compose unless a pod of RunPod's has its own terminal; installed as a package, the program that it brings.
    src/config/runtime-environment.ts says the same for Node.
    """
    if (ROOT / "scripts" / "run.mjs").exists():
        return f"npm run {name} -- {arguments}"
    is_compose = (ROOT / "docker" / "worker").is_dir() and not os.environ.get("RUNPOD_POD_ID")
    return f"{'docker compose exec worker ' if is_compose else ''}humo-{name} {arguments}"
