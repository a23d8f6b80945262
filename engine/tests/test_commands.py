"""The operational commands as a person types them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from humo_engine import checkpoint
from humo_engine.cli import _parse, main
from humo_engine.settings import ENVIRONMENT_VARIABLE

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def settings_of_the_repository(monkeypatch):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(ROOT / "generate.yaml"))


def test_memory_plan_prints_what_goes_where(capsys):
    assert main(["memory", "plan", "--model", "1.7b", "--size", "720", "--limit", "12"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("HuMo 1.7b, bf16\n") and "planned for: 1280×720, 97 frames, 1 reference image" in text
    assert "text encoder" in text and re.search(r"^limit +12\.00 GiB$", text, re.MULTILINE)
    assert re.search(r"^main memory, kept +\d+\.\d+ GiB", text, re.MULTILINE)


def test_memory_plan_is_one_for_all_models_of_a_process(capsys):
    assert main(["memory", "plan", "--limit", "24"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("HuMo 17b and 1.7b, bf16, in one process\n")
    assert text.count("text encoder") == text.count("VAE") == text.count("limit  ") == 1
    assert "17b, 3 of 40 blocks" in text and "1.7b, 0 of 30 blocks" in text


def test_a_limit_that_is_too_small_is_one_message(capsys):
    assert main(["memory", "plan", "--limit", "5"]) == 1
    assert "5.0 GiB are not enough" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["-1", "0", "nan", "inf", "much"])
@pytest.mark.parametrize(
    "command", [["memory", "plan", "--limit"], ["bench", "--limit"], ["serve", "--memory-limit"]], ids=" ".join
)
def test_a_limit_that_is_no_amount_of_memory_is_refused_by_name(command, limit, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*command, limit])
    assert caught.value.code == 2
    assert f"'{limit}' is not a" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "tensors"),
    [(None, None), ("{", None), ("3", None), ("{}", None), ("{}", b"not tensors")],
    ids=["nothing", "cut off", "a number", "no tensors", "damaged tensors"],
)
def test_golden_data_that_cannot_be_read_is_one_message(tmp_path, capsys, settings, tensors):
    if settings is not None:
        (tmp_path / "golden.json").write_text(settings)
    if tensors is not None:
        (tmp_path / "golden.safetensors").write_bytes(tensors)
    assert main(["check-golden", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("humo-engine: ") and str(tmp_path) in line


def test_golden_data_of_another_kind_is_a_table_of_misses(tmp_path, capsys):
    (tmp_path / "golden.json").write_text('{"tiny": {"17b": [], "1_7b": 3}, "letterbox": 3}')
    save_file(
        {"audio.hidden": torch.zeros(2), "umt5.state.token_embedding.weight": torch.zeros(())}, tmp_path / "golden.safetensors"
    )
    assert main(["check-golden", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert "MISS" in shown.out and shown.err == ""


def test_verify_fails_and_names_what_is_missing(tmp_path, capsys):
    assert main(["weights", "verify", "--model", "1.7b", "--weights", str(tmp_path)]) == 1
    text = capsys.readouterr().out
    assert "HuMo/HuMo-1.7B/ema.pth: missing" in text and "HuMo-17B" not in text


@pytest.mark.parametrize("action", ["verify", "download"])
def test_a_profile_that_brings_its_weights_wants_none_unless_they_are_named(action, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HUMO_PROFILE", "mini")
    assert main(["weights", action, "--weights", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "Profile mini brings its own weights" in shown.out + shown.err and "--profile official" in shown.out + shown.err
    assert main(["weights", "verify", "--weights", str(tmp_path), "--model", "1.7b"]) == 1
    assert "HuMo/HuMo-1.7B/ema.pth: missing" in capsys.readouterr().out
    assert main(["weights", "verify", "--weights", str(tmp_path), "--profile", "official"]) == 1
    monkeypatch.setenv("HUMO_PROFILE", "nobodys")
    assert main(["weights", action, "--weights", str(tmp_path)]) == 1
    assert "nobodys" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "given", "profile"),
    [
        (["quality"], "", "mini"),
        (["quality"], "tiny", "tiny"),
        (["generate"], "", "official"),
        (["generate"], "mini", "mini"),
        (["serve", "--profile", "tiny"], "mini", "tiny"),
    ],
)
def test_a_command_takes_the_profile_that_is_named_then_the_environments_then_its_own(command, given, profile, monkeypatch):
    monkeypatch.setenv("HUMO_PROFILE", given)
    assert _parse(command).profile == profile


def test_convert_writes_the_smaller_copy_or_names_the_download(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(checkpoint, "pickles_are_safe", lambda version: True)  # a small file has another sum
    assert main(["weights", "convert", "--model", "1.7b", "--weights", str(tmp_path)]) == 1
    assert "weights download --model 1.7b" in capsys.readouterr().err
    file = tmp_path / "HuMo/HuMo-1.7B/ema.pth"
    file.parent.mkdir(parents=True)
    torch.save({"blocks.0.ffn.0.weight": torch.ones(64, 64)}, file)
    assert main(["weights", "convert", "--model", "1.7b", "--weights", str(tmp_path)]) == 0
    index = Path(capsys.readouterr().out.strip().splitlines()[-1])
    assert json.loads(index.read_text())["metadata"]["total_size"] == 64 * 64 * 2


def test_a_model_that_does_not_exist_is_refused_by_name(capsys):
    with pytest.raises(SystemExit):
        main(["weights", "verify", "--model", "14b"])
    assert "'14b' is not 17b or 1.7b" in capsys.readouterr().err
