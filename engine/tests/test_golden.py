"""`check-golden` on the recorded data, on damaged copies of it, and on data of other sizes written by other code."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from golden_writer import Family, Form, write
from safetensors.torch import load_file, save_file

from humo_engine.cli import main
from humo_engine.golden import check

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def recorded():
    return load_file(DATA / "golden.safetensors"), json.loads((DATA / "golden.json").read_text(encoding="utf-8"))


@pytest.fixture
def folder_of(tmp_path):
    """Write a folder from tensors and settings."""

    def made(tensors: dict, settings: dict) -> Path:
        save_file(tensors, tmp_path / "golden.safetensors")
        (tmp_path / "golden.json").write_text(json.dumps(settings), encoding="utf-8")
        return tmp_path

    return made


def run(folder: Path, capsys) -> tuple[int, dict[str, str]]:
    """Exit status of the command, and its verdict by name."""
    status = main(["check-golden", str(folder)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "error", "limit", "verdict"]
    rows = [re.fullmatch(r"(.+?)\s+(\S+)\s+(exact|\de-\d\d)  ((?:ok|MISS).*)", line) for line in lines[1:-1]]
    assert all(rows), lines
    return status, {row[1]: row[4] for row in rows}


@pytest.fixture(scope="module")
def rows():
    return check(DATA)


def test_the_recorded_data_holds_and_every_output_is_in_the_table(recorded, rows):
    assert [row for row in rows if not row.passed] == []
    outputs = re.compile(
        r".*\.(out_fp32|out_bf16|first|final|sigmas|timesteps|emb|decoded|encoded)|audio\.window\.\d+|letterbox\.\d+\.out|umt5\.out"
    )
    assert {name for name in recorded[0] if outputs.fullmatch(name)} <= {row.name for row in rows}


@pytest.fixture(scope="module")
def limits(rows):
    return {row.name: row.limit for row in rows}


def test_the_limits_are_those_that_were_promised(limits):
    promised = {
        r".*\.forward\.out_fp32": 1e-4, r".*\.forward\.out_bf16": 1e-2, r".*\.loop\.T.*": 1e-4, r"scheduler\..*(sigmas|timesteps)": 0,
        r"scheduler\..*final": 1e-4, r"audio\..*": 1e-5, r"letterbox\..*": 0, r"umt5\..*": 1e-4, r"vae\..*": 1e-3,
    }  # fmt: skip
    for pattern, limit in promised.items():
        matching = [name for name in limits if re.fullmatch(pattern, name)]
        assert matching and {limits[name] for name in matching} == {limit}


# What each damage changes, and the row that has to miss it.
CHANGES = {
    "17b.forward.out_fp32": 1.001,
    "1_7b.loop.TIA.final": 1.001,
    "scheduler.17.sigmas": 1 + 1e-6,
    "audio.window.33": 1.0001,
    "letterbox.1.out": 1.001,
    "umt5.out": 1.001,
    "vae.decoded": 1.01,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A small folder, for tests that check many damaged copies."""
    folder = tmp_path_factory.mktemp("golden")
    write(folder, FORMS["two references"])
    return load_file(folder / "golden.safetensors"), json.loads((folder / "golden.json").read_text(encoding="utf-8"))


def test_changed_values_are_missed_and_nothing_else_is(written, folder_of, capsys):
    tensors, settings = dict(written[0]), written[1]
    for name, factor in CHANGES.items():
        tensors[name] = tensors[name] * factor
    tensors["scheduler.3.timesteps"] = tensors["scheduler.3.timesteps"] + torch.tensor([0, 0, 1])
    tensors["vae.encoded"] = torch.full_like(tensors["vae.encoded"], float("nan"))
    tensors["audio.emb"] = tensors["audio.emb"][:-1]
    status, rows = run(folder_of(tensors, settings), capsys)
    assert status == 1
    missed = {name for name, verdict in rows.items() if verdict != "ok"}
    assert missed == {*CHANGES, "scheduler.3.timesteps", "vae.encoded", "audio.emb"}


def test_missing_tensors_are_misses_that_name_them(written, folder_of, capsys):
    # One of each part, so that none of them hides another.
    missing = {"1_7b.loop.TA.first", "17b.forward.audio", "scheduler.x", "audio.hidden", "letterbox.2.out", "umt5.mask", "vae.z"}
    assert missing < set(written[0])
    status, rows = run(folder_of({key: value for key, value in written[0].items() if key not in missing}, written[1]), capsys)
    assert status == 1
    for name in missing:
        assert any(name in verdict and verdict.startswith("MISS") for verdict in rows.values()), (name, rows)


def test_what_nobody_understands_is_a_miss(written, folder_of, capsys):
    tensors = {**written[0], "17b.forward.extra": torch.zeros(2), "letterbox.9.out": torch.zeros(2)}
    settings = {key: value for key, value in written[1].items() if key != "latent_h"} | {"colour": "red"}
    status, rows = run(folder_of(tensors, settings), capsys)
    assert status == 1
    assert rows["17b.forward.extra"] == rows["letterbox.9.out"] == rows["golden.json: colour"] == "MISS (not understood)"
    assert rows["golden.json: latent_h"] == "MISS (missing)"


def test_a_key_or_shape_that_is_not_the_models_is_named(written, folder_of, capsys):
    settings = json.loads(json.dumps(written[1]))
    settings["state_keys"]["17b"]["blocks.0.gate"] = [256]
    settings["state_keys"]["1_7b"]["head.head.bias"] = [63]
    status, rows = run(folder_of(written[0], settings), capsys)
    assert status == 1
    assert rows["17b.state_keys"].startswith("MISS") and rows["1_7b.state_keys"].startswith("MISS")


def test_a_folder_without_the_files_is_one_clear_error(tmp_path, capsys):
    shutil.copy(DATA / "golden.json", tmp_path)
    assert main(["check-golden", str(tmp_path)]) == 1
    assert "golden.safetensors" in capsys.readouterr().err


# Other dims, layers, heads, head widths, frames, references, steps, scales: nothing like the recorded sizes.
FORMS = {
    "two references": Form(
        seed=7,
        families={
            "17b": Family("i2v", 36, 128, 96, 32, 1, 1, 20),
            "1_7b": Family("t2v", 16, 96, 64, 48, 2, 3, 28),
        },
        scales={
            "17b": {"scale_a": 4.0, "scale_t": 3.5, "scale_i": 1.0},
            "1_7b": {"scale_a": 2.5, "scale_t": 3.0, "scale_i": 2.0},
        },
    ),
    "three references": Form(
        seed=99,
        families={
            "17b": Family("i2v", 36, 120, 72, 64, 5, 2, 36),
            "1_7b": Family("t2v", 16, 192, 160, 24, 3, 1, 12),
        },
        scales={
            "17b": {"scale_a": 5.5, "scale_t": 5.0, "scale_i": 4.0},
            "1_7b": {"scale_a": 7.5, "scale_t": 7.0, "scale_i": 4.0},
        },
        text_length=11,
        frames=2,
        references=3,
        height=8,
        width=4,
        loop_steps=7,
        audio_width=6,
        audio_hidden=16,
        audio_tokens=3,
        audio_token_dim=18,
        scheduler_steps=(2, 12, 40),
        window_frames=(1, 49, 129),
        letterbox=(64, 144),
        images=((60, 61), (61, 60), (300, 10), (809, 87)),
        vae_width=6,
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_data_of_other_sizes_from_a_second_implementation_holds(name, tmp_path, capsys):
    write(tmp_path, FORMS[name])
    status, rows = run(tmp_path, capsys)
    assert {key: verdict for key, verdict in rows.items() if verdict != "ok"} == {}
    assert status == 0
    assert {f"scheduler.{steps}.final" for steps in FORMS[name].scheduler_steps} <= set(rows)
