"""The meter's command and its mistakes made on purpose, through the real pipeline at toy size; the judges here know nothing."""

import json

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from humo_engine.cli import main
from humo_engine.load import effective_settings, load_pipelines
from humo_quality import judges, train_judges
from humo_quality.command import Variant, _make
from humo_quality.controls import CONTROLS
from humo_quality.held_out import held_out_clips

SMALL = {"model": "17b", "width": 64, "height": 64, "frames": 9, "steps": 2, "seed": 3}


@pytest.fixture
def untrained(tmp_path, monkeypatch):
    state = {}
    for name, judge in (("face", judges.face_judge()), ("scene", judges.scene_judge())):
        state |= {f"{name}.{key}": value.half().contiguous() for key, value in judge.state_dict().items()}
    save_file(state, tmp_path / "judges.safetensors")
    monkeypatch.setattr(judges, "WEIGHTS", tmp_path / "judges.safetensors")
    judges.judges.cache_clear()
    yield
    judges.judges.cache_clear()


def test_the_command_makes_measures_pairs_and_reports_clips(tmp_path, capsys, untrained):
    usual = ["quality", "--profile", "tiny", "--clips", "2", "--set", "frames=5", "--set", "steps=1", "--shape", "square"]
    report = tmp_path / "report"
    assert main([*usual, "--bars", "--json", "--report", str(report), "--against", "default", "scale_a=0"]) == 1  # no bar holds
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads((report / "quality.json").read_text())
    first, second = document["variants"]
    assert len(first["clips"]) == 2 and first["request"]["steps"] == 1
    assert second["name"] == "scale_a=0" and second["request"]["scales"] == {"audio": 0.0}
    assert second["clips"][0]["PSNR, same seed"] < 99
    assert "scale_a=0 − default, pair by pair" in (report / "index.html").read_text()
    assert Image.open(report / "clips-0.png").size == (6 * 114 - 2, 2 * 114 - 2)


def test_settings_of_different_sizes_are_not_compared(capsys):
    assert main(["quality", "--profile", "tiny", "--clips", "2", "--against", "default", "width=64"]) == 1
    assert "cannot be compared clip by clip" in capsys.readouterr().err


def test_without_the_judges_weights_it_says_how_to_make_them(tmp_path, monkeypatch):
    monkeypatch.setattr(judges, "WEIGHTS", tmp_path / "none")
    judges.judges.cache_clear()
    with pytest.raises(OSError, match="humo_quality.train_judges"):
        judges.judges()


def test_judges_are_trained_one_at_a_time_and_kept_together(tmp_path, monkeypatch, capsys):
    for module in (judges, train_judges):
        monkeypatch.setattr(module, "WEIGHTS", tmp_path / "judges.safetensors")
    judges.judges.cache_clear()
    for name in ("face", "scene"):
        train_judges.main(["--judge", name, "--persons", "2", "--held-out", "2", "--face-steps", "2", "--scene-steps", "2"])
    assert "scene, held-out persons as drawn: {'scene': " in capsys.readouterr().out
    face, scene = judges.judges()
    assert set(face.heads) == set(judges.HEADS) and set(scene.heads) == set(judges.SCENE_HEADS)
    assert [file.name for file in tmp_path.iterdir()] == ["judges.safetensors"]
    judges.judges.cache_clear()


def test_each_mistake_changes_the_clip_and_is_gone_afterwards(tmp_path):
    settings = effective_settings(None, "tiny")
    pipelines = load_pipelines(settings, ["17b"], tmp_path, torch.device("cpu"))
    clips = held_out_clips(2, tmp_path, (64, 64), 9)

    def make(control=None):
        return _make(Variant("test", SMALL, control), pipelines, settings, clips, tmp_path)[0]

    usual = make()
    for name in CONTROLS:
        spoilt = make(name)
        assert not torch.equal(spoilt, usual), name
        assert spoilt.shape == usual.shape
    assert torch.equal(make(), usual)
