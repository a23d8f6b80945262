"""`generate` from the shell: a real MP4, overrides, and errors that say what to do."""

from __future__ import annotations

import json
import subprocess

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


def test_image_and_sound_become_an_mp4_of_exactly_the_clips_length(media, tmp_path, capsys):
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


def test_a_case_file_gives_a_clip_for_each_case(media, tmp_path):
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
        (["--prompt", "A man", "--audio", "IMAGE", "steps=1"], "man.png cannot be read as sound"),
        (["--prompt", "A man", "--image", "IMAGE", "--preset", "huge"], "huge"),
    ],
    ids=lambda value: str(value)[-24:],
)
def test_a_mistake_is_one_message_and_status_1(media, tmp_path, capsys, arguments, words):
    given = [str(media / "man.png") if argument == "IMAGE" else argument for argument in arguments]
    out = tmp_path / "clip.mp4"
    assert generate(*given[:2], "--out", out, *given[2:]) == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("humo-engine:")]
    assert len(errors) == 1 and words in errors[0]
    assert not out.exists()


def test_missing_weights_name_the_command(media, tmp_path, capsys):
    options = ["generate", "--weights", str(tmp_path), "--prompt", "A man", "--image", str(media / "man.png")]
    assert main([*options, "--out", str(tmp_path / "clip.mp4")]) == 1
    assert "weights download" in capsys.readouterr().err
