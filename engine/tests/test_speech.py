"""Speech from typed words: how they are read, in which language, and real synthesis with the voice that a package brings."""

from __future__ import annotations

import io
import json
import wave

import numpy as np
import onnxruntime
import pytest

from humo_engine.speech.errors import SpeechError
from humo_engine.speech.language import find_language
from humo_engine.speech.normalise import LINE_PAUSE, LONGEST_PIECE, SENTENCE_PAUSE, pieces, spoken_form
from humo_engine.speech.piper import clauses, phoneme_ids, phonemes
from humo_engine.speech.serve import serve_speech
from humo_engine.speech.synthesizer import MOST_CHARACTERS, Synthesizer
from humo_engine.speech.voices import VOICES, available


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello, I am your new host.", "en"),
        ("Guten Morgen! Heute ist das Wetter schön.", "de"),
        ("Bonjour, je suis très content de vous voir.", "fr"),
        ("Hola, ¿cómo estás hoy?", "es"),
        ("こんにちは、元気ですか。", "ja"),
        ("Привет, как дела?", None),
        ("你好，世界", None),
    ],
)
def test_the_language_is_found_from_the_words(text, language):
    assert find_language(text) == language


def test_where_words_give_no_hint_the_persons_own_language_is_taken():
    assert find_language("Anna Schmidt", "de") == "de"
    assert find_language("123", "fr") == "fr"
    assert find_language("OK", "ja") == "en"
    assert find_language("日本", "ja") == "ja"


@pytest.mark.parametrize(
    ("language", "written", "spoken"),
    [
        ("en", "Dr. Smith paid $5.50 & left", "Doctor Smith paid 5 dollars and 50 and left."),
        ("en", "$1 for 1,234 people", "1 dollar for 1234 people."),
        ("en", "in 1999, 2008 and 2024!", "in 19 99, 2008 and 20 24!"),
        ("en", "at 10:05, 9:00 or 7:30?", "at 10 oh 5, 9 o'clock or 7 30?"),
        ("en", "12–15 km/h, 20°C and 30%", "12 to 15 kilometres per hour, 20 degrees Celsius and 30 percent."),
        ("de", "z. B. 1.234,50 € am 3. Mai 1999", "zum Beispiel 1234 Euro 50 am dritten Mai 19hundert99."),
        ("de", "um 10:30 Uhr in der Hauptstr. 5", "um 10 Uhr 30 in der Hauptstraße 5."),
        ("fr", "M. Dupont paie 20 € à 10:30", "Monsieur Dupont paie 20 euros à 10 heures 30."),
        ("es", "La Sra. García tiene 3,5 kg, p. ej.", "La Señora García tiene 3,5 kilos, por ejemplo."),
        ("ja", "今日は晴れです", "今日は晴れです。"),
        ("en", "see https://www.example.org/a/b?c=d", "see example.org."),
    ],
)
def test_words_are_written_as_they_are_spoken(language, written, spoken):
    assert spoken_form(written, language) == spoken


def test_a_line_ends_a_sentence_and_what_is_not_spoken_is_left_out():
    found = pieces("**Hi** <@123> <:wave:456> 🎉\n\n- one. two!\n~~~", "en")
    assert [(piece.text, piece.pause) for piece in found] == [("Hi.", LINE_PAUSE), ("one.", SENTENCE_PAUSE), ("two!", LINE_PAUSE)]
    assert pieces("🎉 … ~~~ \n", "en") == []


@pytest.mark.parametrize("text", ["word, " * 160, "word " * 190, "x" * MOST_CHARACTERS])
def test_long_sentences_are_cut_and_nothing_is_lost(text):
    found = pieces(text, "en")
    assert all(0 < len(piece.text) <= LONGEST_PIECE + 1 for piece in found)
    spoken = "".join(piece.text for piece in found).replace(" ", "").rstrip(".,")
    assert spoken == text.replace(" ", "").rstrip(".,")


def test_marks_stay_beside_the_sounds():
    assert clauses("Hello, you: 3.5 – yes…") == [("Hello", ","), ("you", ":"), ("3.5", ","), ("yes", ".")]
    sounds = phonemes("Hello, world!", "en-us")
    assert sounds.startswith("həlˈoʊ, ")
    assert sounds.endswith("!")
    assert "(" not in phonemes("Das ist ein Meeting, okay?", "de")


def test_ids_have_a_pad_after_each_sound():
    known = {"^": [1], "$": [2], "_": [0], "a": [14], "b": [15]}
    assert phoneme_ids("a?b", known) == [1, 0, 14, 0, 15, 0, 2]


@pytest.fixture(scope="module")
def speaker(tmp_path_factory):
    # Voices draw how long they dwell on each sound: by chance, some said slowly are hardly slower than others.
    onnxruntime.set_seed(1)
    return Synthesizer(tmp_path_factory.mktemp("weights"))


def test_words_become_sound_of_a_sensible_length_and_level(speaker, tmp_path):
    speech = speaker.speak("Hello, I am your new host.")
    assert (speech.voice.name, speech.language) == ("joe", "en")
    # 8 syllables: people speak 3 to 6 a second.
    assert 1.5 < speech.seconds < 4.5
    assert np.abs(speech.samples).max() == pytest.approx(0.89 * 32767, rel=0.01)
    lead = speech.samples[: round(0.2 * speech.rate)]
    assert not lead.any()
    speech.write(tmp_path / "a.wav")
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22050, 1, 2)
    slower = speaker.speak("Hello, I am your new host.", speed=0.5)
    assert slower.seconds > 1.5 * speech.seconds
    # Said with a break between lines, there is more of it.
    assert speaker.speak("Hello.\nI am your new host.").seconds > speech.seconds


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"text": "🎉"}, "empty"),
        ({"text": "a" * (MOST_CHARACTERS + 1)}, "too_long"),
        ({"text": "Hello", "voice": "nobody"}, "voice"),
        ({"text": "Hello", "language": "xx"}, "language"),
        ({"text": "Привет"}, "language"),
        ({"text": "Guten Morgen, wie ist das Wetter?"}, "language"),  # the voice that is here speaks English
    ],
)
def test_what_cannot_be_spoken_has_a_reason(speaker, arguments, reason):
    with pytest.raises(SpeechError) as caught:
        speaker.speak(**arguments)
    assert caught.value.reason == reason


def test_voices_are_those_whose_files_are_there(tmp_path):
    names = {voice.name for voice in available(tmp_path)}
    assert "joe" in names
    assert "thorsten" not in names
    thorsten = next(voice for voice in VOICES if voice.name == "thorsten")
    file = tmp_path / "voices" / thorsten.file
    file.parent.mkdir(parents=True)
    file.touch()
    file.with_name(f"{file.name}.json").touch()
    assert thorsten in available(tmp_path)
    # Every language of the texts has a voice, and English two.
    languages = [voice.language for voice in VOICES]
    assert {"en", "de", "fr", "es", "ja"} == set(languages)
    assert languages.count("en") >= 2


def test_the_process_answers_one_line_for_each_request(tmp_path):
    requests = [
        {"type": "speak", "id": "a", "text": "Hi there.", "output": str(tmp_path / "a.wav")},
        {"type": "speak", "id": "b", "text": "...", "output": str(tmp_path / "b.wav")},
        {"type": "speak", "id": "c", "text": "Hi", "output": str(tmp_path / "no" / "c.wav")},
        {"type": "shutdown"},
        {"type": "speak", "id": "d", "text": "Hi", "output": str(tmp_path / "d.wav")},
    ]
    lines = ["nonsense", *(json.dumps(request) for request in requests)]
    events = io.StringIO()
    serve_speech(tmp_path, io.StringIO("\n".join(lines)), events)
    ready, broken, spoken, empty, lost = [json.loads(line) for line in events.getvalue().splitlines()]
    assert ready["type"] == "ready"
    assert {"name": "joe", "language": "en", "region": "US", "kind": "man", "licence": "CC0"} in ready["voices"]
    assert (broken["type"], broken["id"]) == ("failed", None)
    assert (spoken["type"], spoken["id"], spoken["voice"]) == ("spoken", "a", "joe")
    assert spoken["seconds"] > 0.8
    assert (empty["reason"], empty["id"]) == ("empty", "b")
    assert (lost["type"], lost["code"], lost["id"]) == ("failed", "internal", "c")
