"""Case files in upstream's form and overrides by upstream's names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from humo_engine.cases import CasesError, parse_overrides, read_cases


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "examples").mkdir()
    for name in ("man.png", "audio.wav"):
        (tmp_path / "examples" / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path.parent)  # elsewhere than where the file's paths start
    return tmp_path


def write(folder: Path, document: object) -> Path:
    file = folder / "examples" / "test_case.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_upstream_form_is_read_and_its_paths_are_found_from_the_repository_root(folder):
    file = write(
        folder, {"case_1": {"img_paths": ["./examples/man.png"], "audio_path": "./examples/audio.wav", "prompt": "A man"}}
    )
    (case,) = read_cases(file, "TIA")
    assert (case.name, case.prompt) == ("case_1", "A man")
    assert [path.name for path in case.images] == ["man.png"] and case.images[0].is_file()
    assert case.audio is not None and case.audio.is_file()
    assert read_cases(file, "TA")[0].images == ()
    assert read_cases(file, "TI")[0].audio is None


def test_everything_wrong_is_listed_with_its_spot(folder):
    file = write(folder, {"a": {"img_paths": [], "audio_path": "absent.wav", "prompt": " "}, "b": 3})
    with pytest.raises(CasesError) as caught:
        read_cases(file, "TIA")
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    for spot in ("a.prompt", "a.img_paths", "a.audio_path", "b:"):
        assert any(spot in line for line in lines)


@pytest.mark.parametrize("name", ["../../escape", "/tmp/escape", "a/b", "a\\b", "", " ", "line\nbreak", "x" * 300])
def test_a_name_that_would_lead_out_of_the_folder_or_is_no_file_name_is_refused(folder, name):
    with pytest.raises(CasesError, match="names the clip's file"):
        read_cases(write(folder, {name: {"prompt": "A", "audio_path": "examples/audio.wav"}}), "TA")


def test_a_name_that_stands_twice_is_refused(folder):
    file = folder / "examples" / "test_case.json"
    case = '{"prompt": "A", "audio_path": "examples/audio.wav"}'
    file.write_text(f'{{"one": {case}, "one": {case}}}', encoding="utf-8")
    with pytest.raises(CasesError, match="one: stands twice"):
        read_cases(file, "TA")


def test_prompts_are_read_as_upstream_reads_them(folder):
    """Its reader takes underscores for spaces and drops quotes around; the text encoder must get the same."""
    file = write(folder, {"a": {"prompt": ' "A_man, who says "hello"" ', "audio_path": "examples/audio.wav"}})
    assert read_cases(file, "TA")[0].prompt == 'A man, who says "hello'


def test_a_byte_order_mark_does_no_harm(folder):
    file = write(folder, {"a": {"prompt": "A", "audio_path": "examples/audio.wav"}})
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_cases(file, "TA")[0].name == "a"


@pytest.mark.parametrize("document", [[], {}, "x"])
def test_a_file_of_another_form_is_refused(folder, document):
    with pytest.raises(CasesError, match="test_case.json"):
        read_cases(write(folder, document), "TA")


def test_overrides_by_upstream_name_and_by_short_name():
    assert parse_overrides(["generation.frames=49", "scale_a=3.5", "diffusion.timesteps.sampling.steps=30", "dit.sp_size=8"]) == {
        "frames": 49,
        "audio_scale": 3.5,
        "steps": 30,
    }
    assert parse_overrides(["generation.positive_prompt=./x.json", "output=./out", "mode=TA"]) == {
        "cases": "./x.json",
        "output": "./out",
        "mode": "TA",
    }


@pytest.mark.parametrize(
    ("argument", "known"),
    [("precision=fp16", "bf16, fp8, fp32"), ("model=14b", "17b, 1_7b"), ("generation.mode=AT", "TA, TIA, TI"), ("mode=", "TA")],
)
def test_a_choice_that_does_not_exist_is_named_with_those_that_do(argument, known):
    key, _, value = argument.partition("=")
    with pytest.raises(CasesError, match=rf"^{key}: '{value}' does not exist; choose from {known}"):
        parse_overrides([argument])


@pytest.mark.parametrize("text", ["1.7b", "1_7b", "1.7B"])
def test_the_small_model_has_the_name_that_the_other_commands_take(text):
    assert parse_overrides([f"model={text}"]) == {"model": "1_7b"}


@pytest.mark.parametrize("argument", ["frames", "frames=many", "colour=red", "=3"])
def test_a_wrong_override_is_named(argument):
    with pytest.raises(CasesError, match=argument.split("=")[0] or "=3"):
        parse_overrides([argument])
