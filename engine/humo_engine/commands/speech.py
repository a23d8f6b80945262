"""`speak` and `serve-speech`: typed words as sound."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from humo_engine.commands.options import WEIGHTS, Commands


def add_to(commands: Commands) -> None:
    speak = commands.add_parser("speak", help="typed words to a WAV file")
    speak.add_argument("text", nargs="?", help="the words; without them, the voices that are there are listed")
    speak.add_argument("--voice", metavar="NAME", help="default: the first one of the language")
    speak.add_argument("--language", metavar="LANGUAGE", help="en, de, fr, es or ja; default: found from the words")
    speak.add_argument("--out", type=Path, default=Path("speech.wav"), metavar="FILE", help="default: speech.wav")
    speak.set_defaults(run=_speak)
    serve = commands.add_parser("serve-speech", help="speak what comes on stdin, beside the engine; what a worker starts")
    serve.set_defaults(run=_serve_speech)
    for parser in (speak, serve):
        parser.add_argument("--weights", type=Path, default=WEIGHTS, metavar="DIR", help="default: %(default)s")


def _speak(options: argparse.Namespace) -> int:
    from humo_engine.speech.synthesizer import Synthesizer

    speaker = Synthesizer(options.weights)
    if options.text is None:
        for voice in speaker.voices:
            print(f"{voice.name:10} {voice.language}-{voice.region}  {voice.kind:6} {voice.licence}")
        return 0
    speech = speaker.speak(options.text, options.voice, options.language)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    speech.write(options.out)
    print(f"{options.out}: {speech.seconds:.2f} s, {speech.voice.name} ({speech.language})")
    return 0


def _serve_speech(options: argparse.Namespace) -> int:
    from humo_engine.serve_output import claim_stdout
    from humo_engine.speech.serve import serve_speech

    events = claim_stdout()
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    serve_speech(options.weights, sys.stdin, events)
    return 0
