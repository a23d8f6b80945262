"""The meter's command and its mistakes made on purpose, through the real pipeline at toy size; the judges here know nothing."""

import dataclasses
import hashlib
import json

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from syncnet_stand_in import lock_as, write_checkpoint, write_detector

from humo_engine.cli import main
from humo_engine.load import effective_settings, load_pipelines
from humo_engine.lora import Lora
from humo_engine.settings import Scales
from humo_engine.windows import Window
from humo_quality import cli, judges, real, signals, train_judges
from humo_quality.controls import CONTROLS
from humo_quality.detector import FILE
from humo_quality.held_out import held_out_clips
from humo_quality.long import Piece, away_from_seams, pieces_of, seams_of, stretches_of
from humo_quality.making import Variant, make_clips
from humo_quality.meter import summarise
from humo_quality.syncnet import CHECKPOINT

SMALL = {"model": "17b", "width": 48, "height": 48, "frames": 5, "steps": 2, "seed": 3}


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


def test_the_command_makes_measures_pairs_and_reports_clips(tmp_path, capsys, untrained, heard_once):
    usual = ["quality", "--profile", "tiny", "--clips", "2", "--set", "frames=5", "--set", "steps=1", "--shape", "square"]
    report = tmp_path / "report"
    others = ["scale_a=0", "guidance=audio,level=-20", "gating_text=0.5,gating_audio=0.75"]
    assert main([*usual, "--bars", "--json", "--report", str(report), "--against", "default", *others]) == 1  # no bar holds
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads((report / "quality.json").read_text())
    first, second, third, fourth = document["variants"]
    assert [(pair["name"], pair["against"]) for pair in document["differences"]] == [(name, "default") for name in others]
    assert document["differences"][0]["figures"]["lip-sync"]["real"] in (True, False)
    assert third["request"]["guidance"] == "audio" and third["clips"][0]["PSNR, same seed"] < 99
    assert fourth["request"]["gating"] == {"text": 0.5, "audio": 0.75}
    assert len(first["clips"]) == 2 and first["request"]["steps"] == 1
    assert second["name"] == "scale_a=0" and second["request"]["scales"] == {"audio": 0.0}
    assert second["clips"][0]["PSNR, same seed"] < 99
    assert "scale_a=0 − default, pair by pair" in (report / "index.html").read_text()
    assert Image.open(report / "clips-0.png").size == (6 * 114 - 2, 2 * 114 - 2)


def test_settings_of_different_sizes_are_not_compared(capsys):
    assert main(["quality", "--profile", "tiny", "--clips", "2", "--against", "default", "width=64"]) == 1
    assert "cannot be compared clip by clip" in capsys.readouterr().err
    for wrong, words in (("take=two", "choose from one, shots"), ("caching=much", "'much' is not a number")):
        assert main(["quality", "--profile", "tiny", "--clips", "2", "--against", "default", wrong]) == 1
        assert words in capsys.readouterr().err
    assert main(["quality", "--profile", "tiny", "--clips", "2", "--against", "default"]) == 1
    assert "two settings or more" in capsys.readouterr().err
    assert main(["quality", "--profile", "tiny", "--clips", "4", "--skins"]) == 1
    assert "a number that three divides" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, says",
    [
        ("--set mode=TA", "no other mode"),
        ("--set precision=bf16", "--precision sets it"),
        ("--set level=nan", "decibels from -100 to 100"),
        ("--set level=1e9", "decibels from -100 to 100"),
        ("--set width=100", "multiple of 16"),
        ("--set width=-16", "`width` must be"),
        ("--set seed=-1", "`seed` must be"),
        ("--seconds 0.01", "`frames` must be"),
        ("--seconds 121", "`frames` must be"),
        ("--full-steps 0", "`steps` must be"),
        ("--against default gating_text=2", "gating.text"),
        ("--controls --clips 1", "2 at least"),
        ("--controls --clips 3 --skins", "6 at least"),
        ("--controls --against default steps=1", "leave --against out"),
        ("--keep {file}", "name a folder"),
        ("--report {file}", "name a folder"),
        ("--report {file}/in", "name a folder"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_drawn_or_loaded(words, says, tmp_path, monkeypatch, capsys):
    def never(*_, **__):
        raise AssertionError("it went on")

    for name in ("load_pipelines", "held_out_clips"):
        monkeypatch.setattr(cli, name, never)
    file = tmp_path / "file"
    file.touch()
    assert main(["quality", "--profile", "tiny", *words.format(file=file).split()]) == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["-1", "0", "nan", "inf", "long"])
def test_a_length_that_is_none_is_refused(seconds, capsys):
    with pytest.raises(SystemExit):
        main(["quality", "--seconds", seconds])
    assert "is not a number of seconds above 0" in capsys.readouterr().err


def test_one_clip_is_said_in_json_that_programs_read(tmp_path, capsys, untrained, heard_once):
    command = ["quality", "--profile", "tiny", "--clips", "1", "--set", "frames=5", "--set", "width=48", "--set", "height=48"]
    # As many steps as are named, whatever a server's profile allows: its limit is for those who wait.
    assert main([*command, "--set", "steps=9", "--json", "--report", str(tmp_path)]) == 0
    for text in (capsys.readouterr().out, (tmp_path / "quality.json").read_text()):
        (variant,) = json.loads(text, parse_constant=pytest.fail)["variants"]  # JSON knows no infinity
        assert variant["summary"]["lip-sync"]["low"] is None and variant["request"]["steps"] == 9


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


def make(pipelines, settings, clips, folder, body, **more):
    made, seconds = make_clips(Variant("test", body, **more), pipelines, settings, clips, folder)
    assert seconds > 0
    return made[0]


def test_each_mistake_changes_the_clip_and_is_gone_afterwards(tmp_path, heard_once):
    settings = effective_settings(None, "tiny")
    pipelines = load_pipelines(settings, ["17b"], tmp_path, torch.device("cpu"))
    clips = held_out_clips(2, tmp_path, (48, 48), 5)
    given = pipelines, settings, clips, tmp_path
    usual = make(*given, SMALL)
    assert usual.seams == [] and usual.pieces == [Piece(0, 5)]
    for name, control in CONTROLS.items():
        if not control.of_windows:
            spoilt = make(*given, SMALL, control=name)
            assert not torch.equal(spoilt.frames, usual.frames), name
            assert spoilt.frames.shape == usual.frames.shape
    assert torch.equal(make(*given, SMALL).frames, usual.frames)


def test_mistakes_are_named_by_what_they_spoil_in_clips_of_the_small_model(monkeypatch, capsys, heard_once):
    """Two clips of a second in two steps each show these; what more clips and steps say of the others stands in engine/QUALITY.md."""
    shown = ("audio-late", "no-reference", "other-text", "wrong-timestep", "forgetful-vae")
    monkeypatch.setattr(cli, "CONTROLS", {name: CONTROLS[name] for name in shown})
    command = ["quality", "--profile", "mini", "--controls", "--clips", "2", "--shape", "square", "--seconds", "1"]
    assert main([*command, "--set", "steps=2", "--json"]) == 0
    named = {control["name"]: control["namedBy"] for control in json.loads(capsys.readouterr().out)["controls"]}
    assert list(named) == list(shown)
    assert named["audio-late"]["figure"] in ("best lag", "lip-sync")
    assert {named[name]["figure"] for name in ("other-text", "forgetful-vae")} == {"scene right", "change every fourth frame"}


def test_a_mistake_that_changes_nothing_or_the_other_way_is_not_named(monkeypatch):
    def result(name, *figures):
        return cli.Result(Variant(name, SMALL), list(figures), {}, [], 1.0, [])

    usual = result("default", {"best lag": 0.0, "lip-sync": 0.8}, {"best lag": 0.0, "lip-sync": 0.7})
    for late, named in ((0, False), (-2, False), (2, True)):
        spoilt = result("audio-late", *({**clip, "best lag": late} for clip in usual.figures))
        assert ("NOT NAMED" not in cli._control_line(usual, spoilt)) == named
    one = [cli.Result(Variant(name, SMALL), usual.figures[:1], {}, [], 1.0, []) for name in ("default", "audio-late")]
    assert "NOT NAMED" in cli._control_line(*one)


def test_long_takes_are_made_as_windows_or_shots_and_their_mistakes_show(tmp_path, heard_once):
    usual = effective_settings(None, "tiny")
    short = dataclasses.replace(usual.frames, maximum={480: 9, 720: 9})
    takes = dataclasses.replace(usual.takes, window=9, overlap=4, shot_maximum=0.4, pre_roll=4)
    settings = dataclasses.replace(usual, frames=short, takes=takes)
    pipelines = load_pipelines(settings, ["17b"], tmp_path, torch.device("cpu"))
    clips = held_out_clips(2, tmp_path, (48, 48), 17)
    given, body = (pipelines, settings, clips, tmp_path), SMALL | {"frames": 17}
    one = make(*given, body)
    assert one.frames.shape[0] == 17 and one.seams == [[5, 6, 7, 8, 9]]
    for name, control in CONTROLS.items():
        if control.of_windows:
            assert not torch.equal(make(*given, body, control=name).frames, one.frames), name
    shots = make_clips(Variant("shots", body, take="shots"), *given, tmp_path / "kept")[0][0]
    kept = make_clips(Variant("once more", body, take="shots"), {"17b": None}, *given[1:], tmp_path / "kept")[0][0]
    assert torch.equal(kept.frames, shots.frames) and kept.pieces == shots.pieces
    assert shots.pieces == [Piece(0, 8), Piece(8, 9, 4)]
    assert shots.frames.shape == one.frames.shape and torch.equal(make(*given, body).frames, one.frames)


def test_a_clip_that_was_kept_by_halves_is_made_again_and_one_of_other_settings_is_another(tmp_path, heard_once):
    settings = effective_settings(None, "tiny")
    pipelines = load_pipelines(settings, ["17b"], tmp_path, torch.device("cpu"))
    clips, keep = held_out_clips(1, tmp_path, (48, 48), 5), tmp_path / "kept"

    def make_kept(settings, pipelines, *weights):
        return make_clips(Variant("test", SMALL), pipelines, settings, clips, tmp_path, keep, weights)[0][0].frames

    made = make_kept(settings, pipelines)
    (file,) = keep.iterdir()
    whole = file.read_bytes()
    for half in (b"", whole[:2000], whole[:-30], whole[:300] + bytes(600) + whole[900:]):
        file.write_bytes(half)
        assert torch.equal(make_kept(settings, pipelines), made)
    assert list(keep.iterdir()) == [file]
    make_kept(settings, {"17b": None})  # taken from there
    model = dataclasses.replace(settings.models["17b"], scales=Scales(1, 1))
    others = [
        dataclasses.replace(settings, precision="bf16"),
        dataclasses.replace(settings, models={"17b": model}),
        dataclasses.replace(settings, sampler=dataclasses.replace(settings.sampler, first_sigma=0.9)),
    ]
    for other in others:
        make_kept(other, pipelines)
    make_kept(settings, pipelines, Lora("style.safetensors", 0.8))
    assert len(list(keep.iterdir())) == 5


def test_figures_of_a_long_clip_are_those_of_its_stretches_and_its_seams():
    frames = 194
    assert [(part.start, part.frames) for part in stretches_of([Piece(0, frames)])] == [(0, 97), (97, 97)]
    assert [(part.start, part.frames) for part in stretches_of([Piece(0, 89), Piece(89, 105, 8)])] == [(0, 89), (89, 105)]
    assert seams_of([Window(0, 25), Window(20, 45)]) == [[*range(77, 98)]]
    assert pieces_of("one", frames, effective_settings(None, "mini").takes, 25) == [Piece(0, frames)]
    assert Piece(89, 88, 8).made == 97
    seams = [[*range(30, 41)], [*range(100, 111)], []]  # a seam in what shots drop leaves nothing
    assert away_from_seams(seams, [Piece(0, 150)]) == [[*range(65, 76)], [*range(125, 136)]]
    # Never over a cut, nor where there is no room.
    assert away_from_seams(seams, [Piece(0, 60), Piece(60, 55)]) == [[*range(45, 56)]]


def test_a_seam_that_is_seen_stands_out_from_what_changes_anyway():
    seams, pieces = [[*range(97, 108)], [*range(194, 205)]], [Piece(0, 291)]
    away = away_from_seams(seams, pieces)
    steps = torch.ones(291)
    steps[::4] = 3  # more changes into every fourth frame, as of a VAE that packs four: the median is below the mean
    grey = steps.cumsum(0)[:, None, None, None].expand(-1, 4, 4, 3)
    for jump in (0, 60):
        shown = grey.clone()
        shown[100:] += jump
        at, elsewhere = (max(signals.seam_change(shown, seam) for seam in some) for some in (seams, away))
        assert elsewhere > 1.2 and (at > elsewhere + 0.2) == (jump > 0)


def test_the_whole_command_with_the_small_model_in_the_place_of_the_official_weights(tmp_path, monkeypatch, capsys, heard_once):
    weights = tmp_path / "weights"
    write_checkpoint(weights)
    write_detector(weights / FILE, in_the_middle=True)
    lock_as(monkeypatch, weights)
    for module in (cli, real):
        monkeypatch.setattr(module, "SHORTEST", 9)  # SyncNet's time is what this test is short of
    persons = tmp_path / "private persons"
    persons.mkdir()
    Image.new("RGB", (60, 80), "tan").save(persons / "secret-name.png")
    report = tmp_path / "report"
    command = ["quality", "--profile", "mini", "--method", "syncnet", "--weights", str(weights), "--persons", str(persons)]
    command += [
        "--clips",
        "2",
        "--set",
        "width=64",
        "--set",
        "height=64",
        "--set",
        "frames=9",
        "--set",
        "steps=1",
        "--report",
        str(report),
    ]
    assert main(command) == 0
    said = capsys.readouterr().out
    document = json.loads((report / "quality.json").read_text())
    (variant,) = document["variants"]
    first, second = variant["clips"]
    assert first["face found"] == 1 and first["LSE-D"] > 0 and first["LSE-C, shuffled sound"] is not None
    assert first["face, pixels"] == pytest.approx(32 * 20.09 * 64 / 640, rel=0.01)
    assert first["frames like the reference"] is not None and first["LSE-D"] != second["LSE-D"]
    assert "lip-sync" not in first and "scene right" not in first  # what means nothing is not there
    assert variant["summary"]["LSE-C"]["count"] == 2
    made = document["made"]
    sums = {entry["file"]: entry["sha256"] for entry in made["weights"]}
    assert sums[CHECKPOINT] == hashlib.sha256((weights / CHECKPOINT).read_bytes()).hexdigest()
    assert "transformer-17b.safetensors" in sums and made["gpu"] is None and made["torch"] == torch.__version__
    page = (report / "index.html").read_text()
    assert "LSE-C" in said and "To send it: zip -r report.zip report" in said and "ask them first" in page
    for text in (page, (report / "quality.json").read_text(), said):
        assert "secret-name" not in text and str(tmp_path) not in text
    assert Image.open(report / "clips-0.jpg").size == (9 * 66 - 2, 2 * 66 - 2)
    assert Image.open(report / "faces-0.jpg").size == (8 * 114 - 2, 2 * 114 - 2)


def test_figures_that_one_way_alone_has_are_left_out_of_the_differences():
    def result(name, *figures):
        return cli.Result(Variant(name, SMALL), list(figures), summarise(list(figures)), [], 1.0, [])

    one = result("take=one", {"lip-sync": 0.8, "mouth moves, pixels": 1.0}, {"lip-sync": 0.7, "mouth moves, pixels": 2.0})
    shots = result("take=shots", {"lip-sync": 0.9}, {"lip-sync": 0.8})
    for a, b in ((one, shots), (shots, one)):
        table = cli.difference_table(a, b)
        assert "lip-sync" in table and "mouth moves" not in table


def test_clips_are_made_by_as_many_gpus_as_asked_for_and_mistakes_by_one(monkeypatch, capsys):
    asked = []

    def load(*_, **__):
        asked.append(_[5])
        raise OSError("far enough")

    monkeypatch.setattr(cli, "load_pipelines", load)
    command = [
        "quality",
        "--profile",
        "tiny",
        "--clips",
        "2",
        "--set",
        "frames=5",
        "--set",
        "steps=1",
        "--device",
        "cpu",
        "--gpus",
        "2",
    ]
    assert main(command) != 0
    assert asked == [2]
    assert main([*command, "--controls"]) != 0
    assert asked == [2] and "--gpus" in capsys.readouterr().err
