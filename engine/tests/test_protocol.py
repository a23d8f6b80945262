"""Requests: what each wrong field is told, and what absent ones become."""

from __future__ import annotations

import dataclasses
import json

import pytest

from humo_engine.protocol import RequestError, message_id, parse_message, parse_request
from humo_engine.settings import load_settings

MODELS = ("17b", "1_7b")


class Absent:
    def __repr__(self) -> str:  # stands in names of tests, which have to be the same in each process
        return "absent"


ABSENT = Absent()


@pytest.fixture(scope="module")
def settings():
    return load_settings()


@pytest.fixture
def message(tmp_path):
    for name in ("a.png", "b.png", "c.png", "d.png", "e.png", "voice.wav"):
        (tmp_path / name).write_bytes(b"x")

    def made(**changes: object) -> dict:
        request = {
            "prompt": "A woman speaks", "mode": "TIA", "images": [str(tmp_path / "a.png")], "audio": str(tmp_path / "voice.wav"),
            **changes,
        }  # fmt: skip
        request = {key: value for key, value in request.items() if value is not ABSENT}
        return {"type": "generate", "id": "g-1", "request": request, "outputDir": str(tmp_path / "out")}

    return made


def test_what_is_absent_comes_from_generate_yaml(message, settings, tmp_path):
    request = parse_request(message(), settings, MODELS)
    assert (request.model, request.width, request.height, request.frames) == ("17b", 832, 480, 97)
    assert (request.steps, request.shift, request.seed) == (50, 5.0, 0)
    assert request.audio_strength == 1.0
    assert (request.scales.audio, request.scales.text, request.scales.image) == (5.5, 5.0, None)
    assert request.negative_prompt == settings.negative_prompt != ""
    assert (request.preview, request.vocals, request.warnings) == (False, False, ())
    assert request.images == (tmp_path / "a.png",) and request.audio == tmp_path / "voice.wav"
    assert request.output_dir == tmp_path / "out"
    small = parse_request(message(model="1_7b"), settings, MODELS).scales
    assert (small.audio, small.text, small.image) == (7.5, 7.0, 4.0)


def test_what_is_given_is_taken(message, settings):
    given = {
        "negativePrompt": "", "model": "1_7b", "width": 480, "height": 832, "frames": 5, "steps": 12, "shift": 3, "seed": 2**63 - 1,
        "scales": {"audio": 0, "text": 1.5}, "precision": "bf16", "preview": True, "vocals": "auto", "audioStrength": 1.5,
    }  # fmt: skip
    request = parse_request(message(**given), settings, MODELS)
    assert (request.negative_prompt, request.width, request.height, request.frames, request.steps) == ("", 480, 832, 5, 12)
    assert (request.shift, request.seed, request.preview, request.vocals) == (3.0, 2**63 - 1, True, "auto")
    assert (request.scales.audio, request.scales.text, request.scales.image) == (0.0, 1.5, 4.0)
    assert request.audio_strength == 1.5


WRONG = [
    *[("prompt", value) for value in (ABSENT, None, "", "  ", 3, "x" * 20_001, "\ud800")],
    *[("negativePrompt", value) for value in (3, None, "x" * 20_001)],
    *[("mode", value) for value in (ABSENT, "T", "tia", None, ["TIA"])],
    *[("model", value) for value in ("14b", 17, None, [])],
    *[("width", value) for value in (0, -16, 833, 8, 4096, 832.0, "832", True, None)],
    *[("height", value) for value in (470, 2064, False)],
    *[("frames", value) for value in (1, 4, 6, 3005, 97.0, "97", True)],
    *[("steps", value) for value in (0, -1, 201, 1.5, "50", True)],
    *[("shift", value) for value in (0, -1, float("nan"), float("inf"), "5", True, 1e-3, 101, 1e9, 10**400)],
    *[("seed", value) for value in (-1, 2**63, 1.0, "1", None)],
    *[("precision", value) for value in ("int4", "fp8", "", 8, ["bf16"])],
    *[("scales", value) for value in (3, [5.5], {"sound": 3})],
    *[("scales.audio", {"audio": value}) for value in (-1, "5", None, float("nan"), True, 101, 1e38)],
    *[("scales.text", {"text": value}) for value in (-0.1, [], 1e38)],
    *[("preview", value) for value in (1, "yes", None)],
    *[("vocals", value) for value in (0, None, "always")],
    *[("audioStrength", value) for value in (-0.1, 4.1, "1", None)],
    *[("images", value) for value in ("a.png", [1], {"a": 1})],
    *[("audio", value) for value in (5, ["a.wav"])],
    ("colour", "red"),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=lambda value: ascii(value)[:24])
def test_a_wrong_field_is_named(message, settings, field, value):
    with pytest.raises(RequestError) as caught:
        parse_request(message(**{field.split(".")[0]: value}), settings, MODELS)
    assert caught.value.code == "invalid_input"
    assert f"`{field}`" in str(caught.value)


def test_everything_wrong_is_told_at_once(message, settings):
    with pytest.raises(RequestError) as caught:
        parse_request(message(width=833, frames=96, seed=-1, colour=1, prompt=""), settings, MODELS)
    for field in ("width", "frames", "seed", "colour", "prompt"):
        assert f"`{field}`" in str(caught.value)


def test_the_message_proposes_a_number_of_frames_that_fits(message, settings):
    with pytest.raises(RequestError, match="95: 93 would do"):
        parse_request(message(frames=95), settings, MODELS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"images": []}, "mode TIA needs 1 to 4 images, not 0"),
        ({"images": ABSENT, "mode": "TI"}, "mode TI needs 1 to 4 images"),
        ({"audio": ABSENT}, "mode TIA needs `audio`"),
        ({"audio": None, "mode": "TA"}, "mode TA needs `audio`"),
        ({"audio": "/nowhere/lost.wav"}, "there is no file lost.wav"),
        ({"images": ["/nowhere/lost.png"]}, "there is no file lost.png"),
        ({"images": ["/" + "x" * 300]}, "there is no file xxx"),
        ({"audio": "/" + "y" * 5000}, "there is no file yyy"),
        ({"audio": "/nowhere/\0.wav"}, "there is no file \0.wav"),
        ({"model": "1_7b", "scales": {"image": 1e38}}, "`scales.image` must be a number from 0 to 100, not 1e+38"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_a_mode_needs_and_lacks_is_told(message, settings, changes, words):
    with pytest.raises(RequestError) as caught:
        parse_request(message(**changes), settings, MODELS)
    assert words in str(caught.value)


def test_one_to_four_images(message, settings, tmp_path):
    paths = [str(tmp_path / f"{letter}.png") for letter in "abcde"]
    assert len(parse_request(message(images=paths[:4]), settings, MODELS).images) == 4
    with pytest.raises(RequestError, match="not 5"):
        parse_request(message(images=paths), settings, MODELS)


def test_what_a_mode_does_not_use_is_left_out(message, settings):
    assert parse_request(message(mode="TA"), settings, MODELS).images == ()
    assert parse_request(message(mode="TI"), settings, MODELS).audio is None


@pytest.mark.parametrize("value", [ABSENT, None, "", 5])
def test_an_output_folder_is_needed(message, settings, value):
    changed = message()
    changed["outputDir"] = value
    if value is ABSENT:
        del changed["outputDir"]
    with pytest.raises(RequestError, match="`outputDir`"):
        parse_request(changed, settings, MODELS)


def test_more_than_97_frames_are_warned_of_and_done(message, settings):
    assert parse_request(message(frames=97), settings, MODELS).warnings == ()
    request = parse_request(message(frames=129), settings, MODELS)
    assert request.frames == 129 and len(request.warnings) == 1
    assert "129" in request.warnings[0] and "97" in request.warnings[0]


def test_a_profile_may_limit_the_steps(message, settings):
    limited = dataclasses.replace(settings, maximum_steps=8)
    assert parse_request(message(steps=8), limited, MODELS).steps == 8
    assert parse_request(message(), limited, MODELS).steps == 8  # the preset's 50 are not what anybody asked for
    with pytest.raises(RequestError, match="`steps`.*to 8"):
        parse_request(message(steps=9), limited, MODELS)


def test_the_precision_is_the_one_that_is_loaded(message, settings):
    loaded = dataclasses.replace(settings, precision="fp8")
    for precision in (ABSENT, None, "fp8"):
        parse_request(message(precision=precision), loaded, MODELS)
    with pytest.raises(RequestError, match="`precision` must be the one that is loaded, fp8, not 'bf16'"):
        parse_request(message(precision="bf16"), loaded, MODELS)


def test_a_model_that_is_not_loaded_is_told_from_those_that_are(message, settings):
    with pytest.raises(RequestError, match="`model`.*1_7b.*'17b'"):
        parse_request(message(model="17b"), settings, ("1_7b",))


def test_messages_have_a_known_type_and_an_id():
    assert parse_message('{"type":"shutdown"}') == {"type": "shutdown"}
    assert parse_message('{"type":"cancel","id":"g-1"}')["id"] == "g-1"
    for line in ('{"type":"cancel"}', '{"type":"generate","id":""}', json.dumps({"type": "cancel", "id": "x" * 101})):
        with pytest.raises(RequestError, match="`id`"):
            parse_message(line)


def test_the_id_of_a_refused_line_is_found_where_there_is_one():
    assert message_id('{"type":"dance","id":"g-1"}') == "g-1"
    for line in ("nonsense", "[]", '{"id":5}', '{"type":"dance"}', "[" * 100_000):
        assert message_id(line) is None
