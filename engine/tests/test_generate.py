"""`generate` from the shell: a real MP4, overrides, and errors that say what to do."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from PIL import Image

from humo_engine.cli import main


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    Image.new("RGB", (60, 40), "green").save(folder / "man.png")
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=300:sample_rate=44100:duration=0.4", "-c:a", "libmp3lame"]
    subprocess.run([*command, str(folder / "voice.mp3")], check=True)
    return folder


def probe(file) -> dict:
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(file)]
    document = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {"format": document["format"], **{stream["codec_type"]: stream for stream in document["streams"]}}


def generate(*arguments: object) -> int:
    return main(["generate", "--profile", "tiny", *map(str, arguments)])


def test_image_and_sound_become_an_mp4_of_exactly_the_clips_length(media, tmp_path, capsys, heard_once):
    out = tmp_path / "new" / "clip.mp4"
    status = generate(
        "--prompt", "A man speaks", "--image", media / "man.png", "--audio", media / "voice.mp3", "--out", out,
        "frames=17", "width=64", "height=48", "steps=2", "seed=5",
    )  # fmt: skip
    assert status == 0
    shown = capsys.readouterr()
    assert str(out) in shown.out and "17 frames of 64×48, seed 5" in shown.out and "random weights" in shown.out
    assert "denoise 2/2" in shown.err
    clip = probe(out)
    video, audio = clip["video"], clip["audio"]
    assert (video["codec_name"], video["pix_fmt"], video["width"], video["height"]) == ("h264", "yuv420p", 64, 48)
    assert (video["r_frame_rate"], video["avg_frame_rate"], video["nb_read_frames"]) == ("25/1", "25/1", "17")
    assert float(video["duration"]) == pytest.approx(17 / 25, abs=1e-3)
    assert audio["codec_name"] == "aac"
    # the sound was 0.4 s: silence fills it up to the picture's 0.68 s, to within one packet of AAC
    assert float(audio["duration"]) == pytest.approx(17 / 25, abs=1024 / 44100)
    assert float(clip["format"]["duration"]) == pytest.approx(17 / 25, abs=1024 / 44100)


def test_overrides_may_stand_between_options_and_unknown_options_are_refused(media, tmp_path, capsys):
    given = ["frames=5", "--prompt", "A man", "steps=1", "--image", media / "man.png", "width=32", "--out", tmp_path / "clip.mp4"]
    assert generate(*given, "height=48") == 0
    assert "5 frames of 32×48" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        generate(*given, "height=48", "--colour")
    assert "unrecognized arguments: --colour" in capsys.readouterr().err


def test_without_sound_there_is_no_audio_track_and_the_preset_decides_the_size(media, tmp_path, capsys):
    out = tmp_path / "clip.mp4"
    status = generate(
        "--prompt",
        "A man",
        "--image",
        media / "man.png",
        "--out",
        out,
        "--preset",
        "draft",
        "--shape",
        "square",
        "frames=5",
        "steps=1",
    )
    assert status == 0
    clip = probe(out)
    assert "audio" not in clip and (clip["video"]["width"], clip["video"]["height"]) == (112, 112)
    assert "loaded 1_7b" in capsys.readouterr().err


def test_a_case_file_gives_a_clip_for_each_case(media, tmp_path, heard_once):
    cases = {
        name: {"img_paths": [str(media / "man.png")], "audio_path": str(media / "voice.mp3"), "prompt": "A man"}
        for name in ("one", "two")
    }
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    options = ("--cases", tmp_path / "cases.json", "--mode", "TA", "frames=5", "width=32", "height=32", "steps=1")
    assert generate(*options, "--out", tmp_path / "clips") == 0
    assert sorted(file.name for file in (tmp_path / "clips").iterdir()) == ["one.mp4", "two.mp4"]
    assert probe(tmp_path / "clips" / "two.mp4")["video"]["nb_read_frames"] == "5"


def test_one_name_for_several_cases_is_refused(media, tmp_path, capsys):
    case = {"img_paths": [str(media / "man.png")], "audio_path": str(media / "voice.mp3"), "prompt": "A man"}
    (tmp_path / "cases.json").write_text(json.dumps({"one": case, "two": case}), encoding="utf-8")
    assert generate("--cases", tmp_path / "cases.json", "--out", tmp_path / "clip.mp4") == 1
    assert "name a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--image", "IMAGE"], "--prompt is missing"),
        (["--prompt", "A man"], "give --image, --audio or both"),
        (["--prompt", "A man", "--image", "/nowhere/lost.png"], "there is no file /nowhere/lost.png"),
        (["--prompt", "A man", "--audio", "/nowhere/lost.wav"], "there is no file /nowhere/lost.wav"),
        (["--prompt", "A man", "--cases", "x.json"], "either --cases or --prompt"),
        (["--prompt", "A man", "--image", "IMAGE", "colour=red"], "colour"),
        (["--prompt", "A man", "--image", "IMAGE", "frames=96", "steps=1"], "`frames` must be 4k + 1"),
        (["--prompt", "A man", "--audio", "IMAGE", "steps=1"], "man.png has no sound: give a video that does"),
        (["--prompt", "A man", "--image", "IMAGE", "--preset", "huge"], "huge"),
        (["--prompt", "A man", "--image", "IMAGE", "precision=fp16"], "bf16, fp8, fp32"),
        (["--prompt", "A man", "--image", "IMAGE", "model=14b"], "17b, 1_7b"),
        (["--prompt", "A man", "--image", "IMAGE", "mode=TIA"], "mode TIA does not fit"),
        (["--prompt", "A man", "--image", "IMAGE", "steps=0"], "`steps`"),
        (["--prompt", "A man", "--image", "IMAGE", "--device", "abacus"], "'abacus' does not exist here; choose from cpu"),
        (["--prompt", "A man", "--image", "VOICE"], "voice.mp3 cannot be read as an image"),
    ],
    ids=lambda value: str(value)[-24:],
)
def test_a_mistake_is_one_message_and_status_1(media, tmp_path, capsys, arguments, words):
    files = {"IMAGE": str(media / "man.png"), "VOICE": str(media / "voice.mp3")}
    given = [files.get(argument, argument) for argument in arguments]
    out = tmp_path / "clip.mp4"
    assert generate(*given[:2], "--out", out, *given[2:]) == 1
    lines = capsys.readouterr().err.splitlines()
    errors = [line for line in lines if line.startswith("humo-engine:")]
    assert len(errors) == 1 and words in errors[0]
    assert not any(line.startswith("loaded") for line in lines)
    assert not out.exists()


def test_every_case_is_looked_at_before_a_model_is_loaded(media, tmp_path, capsys):
    good = {"img_paths": [str(media / "man.png")], "audio_path": str(media / "voice.mp3"), "prompt": "A man"}
    (tmp_path / "broken.png").write_bytes(b"not an image")
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=300:sample_rate=16000:duration=0.03"]
    subprocess.run([*command, str(tmp_path / "short.wav")], check=True)
    cases = {
        "good": good,
        "crowd": {**good, "img_paths": good["img_paths"] * 5},
        "no face": {**good, "img_paths": [str(tmp_path / "broken.png")]},
        "no word": {**good, "audio_path": str(tmp_path / "short.wav")},
        "no sound": {**good, "audio_path": str(media / "man.png")},
    }
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    assert generate("--cases", tmp_path / "cases.json", "--out", tmp_path / "clips", "frames=5", "steps=1") == 1
    lines = capsys.readouterr().err.removeprefix("humo-engine: ").splitlines()
    assert [line.split(": ")[0] for line in lines] == ["crowd", "no face", "no word", "no sound"]
    assert not (tmp_path / "clips").exists()


def test_a_mistake_that_all_cases_share_is_said_once(media, tmp_path, capsys):
    case = {"img_paths": [str(media / "man.png")], "audio_path": str(media / "voice.mp3"), "prompt": "A man"}
    (tmp_path / "cases.json").write_text(json.dumps({"one": case, "two": case}), encoding="utf-8")
    assert generate("--cases", tmp_path / "cases.json", "frames=96") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("humo-engine: one, two: `frames` must be 4k + 1")


def test_the_model_of_an_override_is_the_one_that_is_loaded(media, tmp_path, capsys):
    out = tmp_path / "clip.mp4"
    numbers = ("frames=5", "steps=1", "width=32", "height=32")
    assert generate("--prompt", "A man", "--image", media / "man.png", "--out", out, "model=1.7b", *numbers) == 0
    assert "loaded 1_7b" in capsys.readouterr().err and out.is_file()


def test_another_format_than_mp4_is_refused_and_not_taken_for_a_folder(media, tmp_path, capsys):
    assert generate("--prompt", "x", "--audio", media / "voice.mp3", "--out", tmp_path / "clip.MOV") == 1
    assert "clip.MOV: clips are written as .mp4" in capsys.readouterr().err
    assert not (tmp_path / "clip.MOV").exists()


def test_vocals_that_cannot_be_had_are_told_before_a_model_is_loaded(media, tmp_path, capsys, monkeypatch):
    for name in ("audio_separator", "audio_separator.separator"):  # as if it were not installed
        monkeypatch.setitem(sys.modules, name, None)
    status = generate(
        "--prompt", "x", "--audio", media / "voice.mp3", "--vocals", "--weights", tmp_path, "--out", tmp_path / "o.mp4"
    )
    error = capsys.readouterr().err
    assert status == 1 and "audio-separator" in error and "loaded" not in error


def test_a_file_that_ffmpeg_cannot_write_is_one_message(media, tmp_path, capsys):
    (tmp_path / "clip.mp4").mkdir()
    numbers = ("frames=5", "steps=1", "width=32", "height=32")
    assert generate("--prompt", "A man", "--image", media / "man.png", "--out", tmp_path / "clip.mp4", *numbers) == 1
    assert "humo-engine: ffmpeg could not write" in capsys.readouterr().err


def test_missing_weights_name_the_command(media, tmp_path, capsys):
    options = ["generate", "--weights", str(tmp_path), "--prompt", "A man", "--image", str(media / "man.png")]
    assert main([*options, "--out", str(tmp_path / "clip.mp4")]) == 1
    assert "weights download" in capsys.readouterr().err
