"""scripts/infer_ta.sh and infer_tia.sh really run: toy weights, a case file in upstream's form, upstream's overrides.

One of them starts an engine. The others start a Python that only notes what it is given, which the command line then does in this process: an
engine's start takes longer than all that it makes here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from humo_engine.cli import main

ROOT = Path(__file__).parents[2]


def run(script: str, *arguments: str, cwd: Path, python: Path | str = sys.executable) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HUMO_PYTHON": str(python), "HUMO_CACHE": str(cwd / "cache")}
    return subprocess.run(
        [ROOT / "scripts" / script, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=600
    )


def probe(file: Path) -> dict[str, dict[str, str]]:
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(file)]
    streams = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["streams"]
    return {stream["codec_type"]: stream for stream in streams}


NOTING = """#!{python}
import json, os, sys
names = ("HUMO_GENERATE_YAML", "PYTHONPATH")
print(json.dumps([sys.argv[1:], {{name: os.environ[name] for name in names}}]))
"""


@pytest.fixture
def run_here(tmp_path, monkeypatch, capsys):
    """A function that runs a script, and in this process what it would start; gives the exit status and what was written to stdout and stderr."""
    noting = tmp_path / "python"
    noting.write_text(NOTING.format(python=sys.executable))
    noting.chmod(0o755)

    def run_script(script: str, *arguments: str) -> tuple[int, str, str]:
        started = run(script, *arguments, cwd=tmp_path, python=noting)
        assert started.returncode == 0, started.stderr
        (_, module_name, *command), environment = json.loads(started.stdout)
        assert module_name == "humo_engine" and Path(environment["PYTHONPATH"].split(os.pathsep)[0]) == ROOT / "engine"
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HUMO_GENERATE_YAML", environment["HUMO_GENERATE_YAML"])
        capsys.readouterr()
        status = main(command)
        return status, *capsys.readouterr()

    return run_script


@pytest.fixture
def cases(tmp_path):
    """A case file of two clips, elsewhere than in the repository, with paths as upstream writes them."""
    file = tmp_path / "examples" / "cases.json"
    file.parent.mkdir()
    for name in ("portrait.png", "speech.ogg"):
        shutil.copy(ROOT / "examples" / name, file.parent / name)
    case = {"img_paths": ["./examples/portrait.png"], "audio_path": "./examples/speech.ogg", "prompt": "A person speaks"}
    file.write_text(json.dumps({"one": case, "two": case}))
    return file


def upstreams(cases: Path, out: Path) -> tuple[str, ...]:
    """What is told a script, as upstream tells it."""
    return (
        *("--profile", "tiny", f"generation.positive_prompt={cases}", "generation.frames=5"),
        *("diffusion.timesteps.sampling.steps=2", "width=64", "height=48", f"generation.output.dir={out}"),
    )


def assert_all_cases(out: Path) -> None:
    for name in ("one", "two"):
        streams = probe(out / f"{name}.mp4")
        assert (streams["video"]["width"], streams["video"]["height"], streams["video"]["nb_read_frames"]) == (64, 48, "5")
        assert "audio" in streams


needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")


@needs_ffmpeg
def test_the_script_makes_every_case_of_a_file(tmp_path, cases):
    done = run("infer_tia.sh", *upstreams(cases, tmp_path / "out"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_all_cases(tmp_path / "out")
    assert "random weights" in done.stdout


@needs_ffmpeg
def test_the_other_script_does_so_with_sound_alone(tmp_path, cases, run_here):
    status, out, err = run_here("infer_ta.sh", *upstreams(cases, tmp_path / "out"))
    assert status == 0, err
    assert_all_cases(tmp_path / "out")
    assert "random weights" in out


@needs_ffmpeg
def test_the_mode_of_an_override_wins_over_that_of_the_script(tmp_path, run_here):
    cases = tmp_path / "cases.json"
    shutil.copy(ROOT / "examples" / "portrait.png", tmp_path)
    cases.write_text(json.dumps({"one": {"img_paths": ["portrait.png"], "prompt": "A person"}}))
    numbers = ("frames=5", "steps=1", "width=64", "height=48")
    status, _, err = run_here(
        "infer_ta.sh", "--profile", "tiny", "--cases", str(cases), "generation.mode=TI", f"--out={tmp_path}", *numbers
    )
    assert status == 0, err
    assert "audio" not in probe(tmp_path / "one.mp4")


def test_a_wrong_override_ends_with_one_message_that_names_it(run_here):
    status, _, err = run_here("infer_ta.sh", "--profile", "tiny", "generation.frames=many")
    assert status == 1
    assert "generation.frames" in err and "Traceback" not in err


def test_without_weights_the_message_is_the_command_to_run(tmp_path, run_here):
    status, _, err = run_here(
        "infer_tia.sh", "--weights", str(tmp_path / "nothing"), f"--out={tmp_path / 'out'}", "--device", "cpu"
    )
    assert status == 1
    assert "weights download --model 17b" in err and "Traceback" not in err


def test_what_the_environment_file_says_of_the_engine_holds_unless_the_environment_says_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("HUMO_PROFILE", raising=False)
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name in ("infer.sh", "infer_ta.sh"):
        shutil.copy(ROOT / "scripts" / name, scripts / name)
    (tmp_path / ".env").write_text(
        "# HUMO_GPUS=7\nDISCORD_TOKEN=secret\nHUMO_PROFILE=mini # small\nHUMO_WEIGHTS_DIRECTORY=\"my weights\"\r\nHUMO_PRECISION='fp8'"
    )
    noting = tmp_path / "python"
    names = ("HUMO_PROFILE", "HUMO_PRECISION", "HUMO_GPUS", "DISCORD_TOKEN")
    noting.write_text(
        f"#!{sys.executable}\nimport json, os, sys\nprint(json.dumps([sys.argv, [os.environ.get(n) for n in {names}]]))\n"
    )
    noting.chmod(0o755)

    def started(**environment: str) -> tuple[list[str], list[str | None]]:
        given = {**os.environ, "HUMO_PYTHON": str(noting), **environment}
        shown = subprocess.run([scripts / "infer_ta.sh"], env=given, capture_output=True, text=True, check=True)
        return tuple(json.loads(shown.stdout))

    command, known = started()
    assert known == ["mini", "fp8", None, None]
    assert command[command.index("--weights") + 1] == str(tmp_path / "my weights")
    _, known = started(HUMO_PROFILE="tiny")
    assert known[0] == "tiny"
