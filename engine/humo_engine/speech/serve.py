"""Speech as a process: requests on stdin, events on stdout, until stdin closes. README.md of the package has the messages.

It is not the engine's own process: the engine has a clip under way for minutes, and whoever types words wants to hear them now.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

from humo_engine.speech.errors import SpeechError
from humo_engine.speech.language import LANGUAGES
from humo_engine.speech.synthesizer import Synthesizer

SPEECH_PROTOCOL = 1


def serve_speech(weights: Path, lines: TextIO, events: TextIO) -> None:
    """Answer `speak` requests, one at a time, in the order of arrival. Ends when `lines` does, or at a shutdown."""
    speaker = Synthesizer(weights)
    voices = [
        {"name": v.name, "language": v.language, "region": v.region, "kind": v.kind, "licence": v.licence} for v in speaker.voices
    ]
    _emit(events, type="ready", protocol=SPEECH_PROTOCOL, voices=voices)
    for line in lines:
        if not line.strip():
            continue
        identity = None
        try:
            message = json.loads(line)
            if not isinstance(message, dict) or message.get("type") not in ("speak", "shutdown"):
                raise SpeechError("request", "a line must be a JSON object of the type speak or shutdown")
            if message["type"] == "shutdown":
                return
            identity = message.get("id") if isinstance(message.get("id"), str) else None
            _emit(events, type="spoken", id=identity, **_speak(speaker, message))
        except SpeechError as error:
            _emit(events, type="failed", id=identity, code=error.code, reason=error.reason, message=str(error))
        except ValueError as error:
            _emit(events, type="failed", id=identity, code="invalid_input", reason="request", message=str(error))
        except Exception as error:  # whatever one request does, the next one is served
            traceback.print_exception(error, file=sys.stderr)
            _emit(events, type="failed", id=identity, code="internal", reason="internal", message=type(error).__name__)


def _speak(speaker: Synthesizer, message: dict[str, Any]) -> dict[str, Any]:
    text, output = message.get("text"), message.get("output")
    voice, language = message.get("voice"), message.get("language")
    if not isinstance(text, str) or not isinstance(output, str) or not isinstance(message.get("id"), str):
        raise SpeechError("request", "`id`, `text` and `output` must be strings")
    if not all(value is None or isinstance(value, str) for value in (voice, language)):
        raise SpeechError("request", "`voice` and `language` must be strings")
    default = message.get("default")
    spoken = speaker.speak(text, voice, language, default if default in LANGUAGES else "en")
    spoken.write(Path(output))
    return {"voice": spoken.voice.name, "language": spoken.language, "seconds": round(spoken.seconds, 3), "output": output}


def _emit(events: TextIO, **event: Any) -> None:
    events.write(json.dumps(event) + "\n")
    events.flush()
