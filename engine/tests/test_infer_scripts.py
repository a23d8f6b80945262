"""scripts/infer_ta.sh and infer_tia.sh really run: toy weights, a case file in upstream's form, upstream's overrides."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(script: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HUMO_PYTHON": sys.executable, "HUMO_CACHE": str(cwd / "cache")}
    return subprocess.run(
        [ROOT / "scripts" / script, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=600
    )


def probe(file: Path) -> dict[str, dict[str, str]]:
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(file)]
    streams = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["streams"]
    return {stream["codec_type"]: stream for stream in streams}


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
@pytest.mark.parametrize("script", ["infer_ta.sh", "infer_tia.sh"])
def test_the_script_makes_every_case_of_a_file(tmp_path, script):
    # From elsewhere than the repository, with paths as upstream writes them.
    cases = tmp_path / "examples" / "cases.json"
    cases.parent.mkdir()
    for name in ("portrait.png", "speech.ogg"):
        shutil.copy(ROOT / "examples" / name, cases.parent / name)
    case = {"img_paths": ["./examples/portrait.png"], "audio_path": "./examples/speech.ogg", "prompt": "A person speaks"}
    cases.write_text(json.dumps({"one": case, "two": case}))
    done = run(
        script,
        "--profile",
        "tiny",
        f"generation.positive_prompt={cases}",
        "generation.frames=5",
        "diffusion.timesteps.sampling.steps=2",
        "width=64",
        "height=48",
        f"generation.output.dir={tmp_path / 'out'}",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    for name in ("one", "two"):
        streams = probe(tmp_path / "out" / f"{name}.mp4")
        assert (streams["video"]["width"], streams["video"]["height"], streams["video"]["nb_read_frames"]) == (64, 48, "5")
        assert "audio" in streams
    assert "random weights" in done.stdout


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
def test_the_mode_of_an_override_wins_over_that_of_the_script(tmp_path):
    cases = tmp_path / "cases.json"
    shutil.copy(ROOT / "examples" / "portrait.png", tmp_path)
    cases.write_text(json.dumps({"one": {"img_paths": ["portrait.png"], "prompt": "A person"}}))
    numbers = ("frames=5", "steps=1", "width=64", "height=48")
    done = run(
        "infer_ta.sh",
        "--profile",
        "tiny",
        "--cases",
        str(cases),
        "generation.mode=TI",
        f"--out={tmp_path}",
        *numbers,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "audio" not in probe(tmp_path / "one.mp4")


def test_a_wrong_override_ends_with_one_message_that_names_it(tmp_path):
    done = run("infer_ta.sh", "--profile", "tiny", "generation.frames=many", cwd=tmp_path)
    assert done.returncode == 1
    assert "generation.frames" in done.stderr and "Traceback" not in done.stderr


def test_without_weights_the_message_is_the_command_to_run(tmp_path):
    done = run(
        "infer_tia.sh", "--weights", str(tmp_path / "nothing"), f"--out={tmp_path / 'out'}", "--device", "cpu", cwd=tmp_path
    )
    assert done.returncode == 1
    assert "weights download --model 17b" in done.stderr and "Traceback" not in done.stderr
