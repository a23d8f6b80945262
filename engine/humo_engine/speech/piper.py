"""Piper's voices: VITS (arXiv 2106.06103) in ONNX, told phonemes in the form of eSpeak NG.

eSpeak NG is GPL, so it is a program that runs beside this one, as ffmpeg does, and is never linked.
"""

from __future__ import annotations

import json
import re
import subprocess
import unicodedata
from pathlib import Path

import numpy as np

from humo_engine.speech.errors import SpeechError

BEGIN, END, PAD = "^", "$", "_"
_CLAUSE = re.compile(r"([,;:.!?…]+)(?=\s|$)|\s[-–—]\s")
_SPEAKABLE = {"…": ".", ";": ",", "–": ",", "-": ",", "—": ","}
PHONEMISER_SECONDS = 20


class PiperVoice:
    """One loaded model. `threads`: CPU cores it may use."""

    def __init__(self, file: Path, speaker: str | None, threads: int):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        settings = json.loads(file.with_name(f"{file.name}.json").read_text(encoding="utf-8"))
        self._ids: dict[str, list[int]] = settings["phoneme_id_map"]
        self._phonemiser: str = settings["espeak"]["voice"]
        inference = settings["inference"]
        self._scales = (inference["noise_scale"], inference["length_scale"], inference["noise_w"])
        self._speaker = None if settings["num_speakers"] < 2 else settings["speaker_id_map"].get(speaker or "", 0)
        self.rate: int = settings["audio"]["sample_rate"]

    def say(self, text: str, speed: float) -> np.ndarray:
        """Samples (n,), fp32 in [−1, 1]. `speed`: 1 is the voice's own."""
        ids = phoneme_ids(phonemes(text, self._phonemiser), self._ids)
        noise, length, width = self._scales
        inputs = {
            "input": np.array([ids], dtype=np.int64),
            "input_lengths": np.array([len(ids)], dtype=np.int64),
            "scales": np.array([noise, length / speed, width], dtype=np.float32),
        }
        if self._speaker is not None:
            inputs["sid"] = np.array([self._speaker], dtype=np.int64)
        return self._session.run(None, inputs)[0].reshape(-1)


def clauses(text: str) -> list[tuple[str, str]]:
    """(words, the mark after them) for each clause: the model knows marks, and the phonemiser swallows them."""
    found, start = [], 0
    for mark in _CLAUSE.finditer(text):
        sign = (mark[1] or "-")[-1]
        found.append((text[start : mark.start()].strip(), _SPEAKABLE.get(sign, sign)))
        start = mark.end()
    found.append((text[start:].strip(), ""))
    return [(words, mark) for words, mark in found if any(letter.isalnum() for letter in words)]


def phonemes(text: str, voice: str) -> str:
    """International phonetic letters of `text` and its marks, as eSpeak NG's `voice` has them. SpeechError without the program."""
    spoken = []
    for words, mark in clauses(text):
        command = ["espeak-ng", "-q", "--ipa", "-b", "1", "-v", voice, "--stdin"]
        try:
            done = subprocess.run(command, input=words.encode(), capture_output=True, timeout=PHONEMISER_SECONDS, check=False)
        except FileNotFoundError as error:
            raise SpeechError(
                "unavailable", "espeak-ng is not installed; it turns words into sounds: apt-get install espeak-ng"
            ) from error
        if done.returncode != 0:
            reason = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
            raise SpeechError("unavailable", f"espeak-ng failed: {reason}")
        # It names changes of language in brackets, such as (en)…(de); those are no sounds.
        letters = re.sub(r"\([a-z-]+\)", "", done.stdout.decode(errors="replace"))
        spoken.append(" ".join(letters.split()) + mark)
    return " ".join(spoken)


def phoneme_ids(text: str, known: dict[str, list[int]]) -> list[int]:
    """The model's ids of phonetic letters, a pad after each; letters that it does not know are left out."""
    ids = [*known[BEGIN], *known[PAD]]
    for letter in unicodedata.normalize("NFD", text):
        if letter in known:
            ids += [*known[letter], *known[PAD]]
    return [*ids, *known[END]]
