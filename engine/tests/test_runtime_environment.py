"""What people are told to type, where the engine runs."""

from __future__ import annotations

import pytest

from humo_engine import runtime_environment


@pytest.mark.parametrize(
    ("files", "pod", "command"),
    [
        (["scripts/run.mjs", "docker/worker/entrypoint.ts"], "", "npm run engine -- weights download"),
        (["docker/worker/entrypoint.ts"], "", "docker compose exec worker humo-engine weights download"),
        (["docker/worker/entrypoint.ts"], "x1", "humo-engine weights download"),
        ([], "", "humo-engine weights download"),
    ],
)
def test_the_command_is_one_that_works_there(tmp_path, monkeypatch, files, pod, command):
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.setattr(runtime_environment, "ROOT", tmp_path)
    monkeypatch.setenv("RUNPOD_POD_ID", pod)
    assert runtime_environment.own_command("weights download") == command
