"""generate.yaml: what is accepted, and that every mistake is named with its path."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from humo_engine.grammar import _RULES, SCHEMA
from humo_engine.settings import SettingsError, find_settings_file, load_settings, parse_settings
from humo_engine.shortcuts import expected_passes

ROOT_FILE = Path(__file__).parents[2] / "generate.yaml"


@pytest.fixture
def document():
    return copy.deepcopy(yaml.safe_load(ROOT_FILE.read_text(encoding="utf-8")))


def test_the_file_at_the_root_is_valid_for_both_profiles(document):
    official = load_settings(ROOT_FILE)
    tiny = load_settings(ROOT_FILE, profile="tiny")
    assert (official.weights, tiny.weights) == ("official", "random")
    assert official.models["17b"].parameters == 17_055_925_312
    assert official.models["17b"].scales.image is None
    assert official.models["1_7b"].scales.image == 4.0
    assert official.size(480) == (832, 480)
    assert list(tiny.size(480, "portrait")) == document["profiles"]["tiny"]["sizes"][480]["portrait"]
    assert tiny.precision == "fp32" and tiny.maximum_steps == document["profiles"]["tiny"]["maximumSteps"]
    assert tiny.models["17b"].seconds_per_pass == document["profiles"]["tiny"]["secondsPerPass"]
    # What a profile does not replace stays.
    assert tiny.presets["final"] == official.presets["final"] and tiny.negative_prompt == official.negative_prompt


def test_settings_cannot_be_changed_after_reading():
    settings = load_settings(ROOT_FILE)
    with pytest.raises(AttributeError):
        settings.fps = 30  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.sizes[480]["landscape"] = (1, 1)  # type: ignore[index]


def test_every_problem_is_listed_at_once_with_its_path(document):
    document["fps"] = "fast"
    document["frames"]["default"] = 96
    document["models"]["17b"]["scales"]["text"] = -1
    document["sizes"][480]["landscape"] = [830, 480]
    document["presets"]["draft"]["lines"] = 360
    document["sampler"]["schift"] = 5
    del document["negativePrompt"]
    with pytest.raises(SettingsError) as caught:
        parse_settings(document)
    paths = {problem.split(":")[0] for problem in caught.value.problems}
    assert paths == {
        "fps",
        "frames.default",
        "models.17b.scales.text",
        "sizes.480.landscape.0",
        "presets.draft.lines",
        "sampler.schift",
        "negativePrompt",
    }
    assert all(problem in str(caught.value) for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda d: d.update(version=2), "version"),
        (lambda d: d.pop("frames"), "frames"),
        (lambda d: d.update(models=[]), "models"),
        (lambda d: d["models"].update({"14b": d["models"]["17b"]}), "models.14b"),
        (lambda d: d["models"]["1_7b"]["scales"].pop("image"), "models.1_7b.scales.image"),
        (lambda d: d["models"]["17b"]["secondsPerPass"].pop(720), "models.17b.secondsPerPass.720"),
        (lambda d: d["frames"].update(minimum=101), "frames"),
        (lambda d: d["frames"].update(maximum=129), "frames.maximum"),
        (lambda d: d["frames"]["maximum"].update({480: 128}), "frames.maximum.480"),
        (lambda d: d["frames"]["maximum"].update({480: 93}), "frames"),
        (lambda d: d["frames"]["maximum"].pop(720), "frames.maximum.720"),
        (lambda d: d.pop("length"), "length"),
        (lambda d: d["length"].update(default=121), "length"),
        (lambda d: d["length"].update(maximum=601), "length.maximum"),
        (lambda d: d["profiles"]["tiny"]["length"].update(maximum="long"), "profiles.tiny.length.maximum"),
        (lambda d: d.pop("takes"), "takes"),
        (lambda d: d["takes"].update(take="two"), "takes.take"),
        (lambda d: d["takes"].update(window=96), "takes.window"),
        (lambda d: d["takes"].update(overlap=15), "takes.overlap"),
        (lambda d: d["takes"].update(overlap=96), "takes"),
        (lambda d: d["takes"].pop("shot"), "takes.shot"),
        (lambda d: d["takes"]["shot"].update(maximum=3), "takes.shot"),
        (lambda d: d["takes"].update(preRoll=7), "takes.preRoll"),
        (lambda d: d["sizes"][720].pop("square"), "sizes.720.square"),
        (lambda d: d["sampler"].update(firstSigma=float("nan")), "sampler.firstSigma"),
        (lambda d: d["sampler"].update(shift=1000), "sampler.shift"),
        (lambda d: d["sampler"].update(shift=0), "sampler.shift"),
        (lambda d: d["models"]["1_7b"]["scales"].update(image=1e38), "models.1_7b.scales.image"),
        (lambda d: d.update(memoryLimitGiB=0), "memoryLimitGiB"),
        (lambda d: d.pop("memoryLimitGiB"), "memoryLimitGiB"),
        (lambda d: d.update(precision="fp4"), "precision"),
        (lambda d: d.update(fps=True), "fps"),
        (lambda d: d["presets"]["fast"].update(sampler="euler"), "presets.fast.sampler"),
        (lambda d: d["presets"]["fast"].update(guidance="text"), "presets.fast.guidance"),
        (lambda d: d["presets"]["fast"].update(gating={"text": 1.5}), "presets.fast.gating.text"),
        (lambda d: d["presets"]["fast"].update(gating={"image": 0.5}), "presets.fast.gating.image"),
        (lambda d: d["presets"]["fast"].update(gating=0.5), "presets.fast.gating"),
        (lambda d: d["presets"]["fast"].update(audioStrength=4.5), "presets.fast.audioStrength"),
        (lambda d: d["profiles"]["mini"].update(takes={**d["takes"], "window": 96}), "profiles.mini.takes.window"),
        (lambda d: d["presets"]["fast"].update(caching={"inARow": 2}), "presets.fast.caching.threshold"),
        (lambda d: d["presets"]["fast"].update(caching={"threshold": 0.1, "inARow": 0}), "presets.fast.caching.inARow"),
        (lambda d: d["presets"]["fast"].update(loras="a.safetensors"), "presets.fast.loras"),
        (lambda d: d["presets"]["fast"].update(loras=[{"file": "a"}] * 9), "presets.fast.loras"),
        (lambda d: d["presets"]["fast"].update(loras=[{"strength": 1}]), "presets.fast.loras.0.file"),
        (lambda d: d["presets"]["fast"].update(loras=[{"file": "a", "strength": 11}]), "presets.fast.loras.0.strength"),
        (lambda d: d["profiles"]["official"].update(loras="no"), "profiles.official.loras"),
        (lambda d: d["profiles"]["official"].update(gating=0.5), "profiles.official.gating"),
        (lambda d: d["profiles"]["official"].update(caching="no"), "profiles.official.caching"),
        (lambda d: d["profiles"]["official"].update(maximumSteps=0), "profiles.official.maximumSteps"),
        (lambda d: d["profiles"]["official"].update(previewEverySteps=0), "profiles.official.previewEverySteps"),
    ],
)
def test_one_mistake_gives_one_problem_at_its_path(document, change, path):
    change(document)
    with pytest.raises(SettingsError) as caught:
        parse_settings(document)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [path]


def test_every_rule_that_the_grammar_names_is_known():
    def named(schema):
        if isinstance(schema, dict):
            yield from ([schema["x-rule"]] if "x-rule" in schema else [])
            schema = list(schema.values())
        for below in schema if isinstance(schema, list) else []:
            yield from named(below)

    assert set(named(SCHEMA)) == set(_RULES)


def test_problems_say_what_would_be_right(document):
    document["fps"] = document["takes"]["overlap"] = document["precision"] = 0.5
    document["presets"]["Fast"] = document["presets"]["fast"]
    with pytest.raises(SettingsError) as caught:
        parse_settings(document)
    assert caught.value.problems == [
        "fps: must be a whole number > 0, not 0.5",
        "precision: must be one of bf16, fp8, fp32, not 0.5",
        "presets.Fast: the name must have 1 to 32 of a-z, 0-9 and -",
        "takes.overlap: must be a whole number ≥ 4 and ≤ 1000 and a multiple of 4, not 0.5",
    ]


def test_the_default_preset_is_one_of_the_presets(document):
    document["defaultPreset"] = "nothing"
    with pytest.raises(SettingsError, match="defaultPreset: must name one of the presets: draft, fast, standard, final"):
        parse_settings(document)


def test_an_unknown_profile_names_the_ones_there_are(document):
    with pytest.raises(SettingsError, match="'huge'.*official, mini, tiny"):
        parse_settings(document, profile="huge")


@pytest.mark.parametrize("text", ["fps: [", "fps: 25\nfps: 30\n", "just words", ""])
def test_a_file_that_is_not_a_proper_document_is_refused(tmp_path, text):
    file = tmp_path / "generate.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="generate.yaml"):
        load_settings(file)


def test_the_file_is_found_by_argument_then_variable_then_upwards(tmp_path, monkeypatch):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    above, by_variable, by_argument = (tmp_path / name for name in ("generate.yaml", "variable.yaml", "argument.yaml"))
    for file in (above, by_variable, by_argument):
        file.write_text("", encoding="utf-8")
    monkeypatch.chdir(deep)
    monkeypatch.delenv("HUMO_GENERATE_YAML", raising=False)
    assert find_settings_file() == above.resolve()
    monkeypatch.setenv("HUMO_GENERATE_YAML", str(by_variable))
    assert find_settings_file() == by_variable
    assert find_settings_file(by_argument) == by_argument
    with pytest.raises(SettingsError, match="--config names it"):
        find_settings_file(tmp_path / "absent.yaml")


def test_what_a_preset_does_otherwise_becomes_fields_of_a_request(document):
    fast = parse_settings(document).preset("fast")
    assert fast.request == {"sampler": "lcm", "guidance": "audio", "loras": document["presets"]["fast"]["loras"]}
    # The LoRAs of the official weights fit no others, and the rest of the preset stays.
    assert parse_settings(document, profile="tiny").preset("fast").request == {"sampler": "lcm", "guidance": "audio"}
    assert parse_settings(document).preset("draft").request == parse_settings(document).preset("final").request == {}
    standard = {name: parse_settings(document, profile=name).preset("standard") for name in document["profiles"]}
    measured = {"gating": {"text": 0.3, "audio": 1.0}, "caching": {"threshold": 0.1, "inARow": 1}}
    assert standard["official"].request == measured
    assert expected_passes("17b", "TIA", 50, "full", measured["gating"]) == pytest.approx(115)
    # Measured at 25 steps, not at the 8 of these profiles.
    assert standard["mini"].request == standard["tiny"].request == {}
    # The exact mode is these two settings away.
    del document["presets"]["standard"]["gating"], document["presets"]["standard"]["caching"]
    assert parse_settings(document).preset("standard").request == {}
    document["presets"]["fast"].update(gating={"text": 0.5}, caching={"threshold": 0.1}, loras=[{"file": "a.safetensors"}])
    changed = parse_settings(document).preset("fast").request
    assert changed["gating"] == {"text": 0.5, "audio": 1.0} and changed["caching"] == {"threshold": 0.1, "inARow": 1}
    assert changed["loras"] == [{"file": "a.safetensors", "strength": 1.0}]
    document["presets"]["fast"]["audioStrength"] = 1.5
    assert parse_settings(document).preset("fast").request["audioStrength"] == 1.5
    document["profiles"]["mini"]["takes"] = {**document["takes"], "take": "one"}
    assert [parse_settings(document, profile=name).takes.take for name in ("mini", "official")] == ["one", "auto"]


def test_a_name_that_does_not_exist_is_answered_with_those_that_do():
    settings = load_settings(ROOT_FILE)
    with pytest.raises(ValueError, match="draft, fast, standard, final"):
        settings.preset("best")
    with pytest.raises(ValueError, match="480 landscape"):
        settings.size(481)
