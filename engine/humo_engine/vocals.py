"""The voice alone: music and noise taken out of the sound before Whisper listens to it.

Kim_Vocal_2 runs through the audio-separator library, an optional extra. The library fetches small model lists from its
project on first use and keeps them beside the model.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from humo_engine.weights import WeightsMissing, missing_files

MODEL_FILE = "Kim_Vocal_2.onnx"
MODEL_FOLDER = "audio_separator"
STEM = "Vocals"


class VocalsUnavailable(RuntimeError):
    """The request asks for the voice alone, and this installation cannot do that. `code` is the protocol's failure code."""

    code = "invalid_input"


def find_separator(weights: Path) -> type:
    """audio-separator's class. VocalsUnavailable without the library, WeightsMissing without the model."""
    try:
        from audio_separator.separator import Separator
    except ImportError as error:
        raise VocalsUnavailable(
            "`vocals: true` needs the audio-separator library, which is not installed. Install it with "
            "`uv sync --extra vocals` in the folder engine/, or send the request without `vocals`"
        ) from error
    if missing_files(weights, "vocals"):
        raise WeightsMissing(weights, "vocals", missing_files(weights, "vocals"))
    return Separator


def isolate_voice(audio: str | Path, output: str | Path, weights: str | Path) -> Path:
    """Write the voice in `audio` to `output` (WAV, 44.1 kHz stereo, as long as the input); returns `output`.

    VocalsUnavailable without the library, WeightsMissing without the model, ValueError if the result is unusable.
    """
    weights, output = Path(weights), Path(output)
    separator_type = find_separator(weights)
    with tempfile.TemporaryDirectory(prefix="humo-vocals-") as folder:
        separator = separator_type(
            log_level=logging.WARNING,
            model_file_dir=str(weights / MODEL_FOLDER),
            output_dir=folder,
            output_format="WAV",
            output_single_stem=STEM,
        )
        separator.load_model(MODEL_FILE)
        # Whatever names the library reports: with one stem asked for, the one file in the folder is it.
        try:
            separator.separate(str(audio), {STEM: "voice"})
        except MemoryError:
            raise
        except Exception as error:  # of any type: the library's own, its decoders', the model's
            raise ValueError(
                f"the voice in {Path(audio).name} cannot be isolated: {error}. Send the request without `vocals`"
            ) from error
        written = sorted(Path(folder).glob("*.wav"))
        if len(written) != 1:
            raise ValueError(
                f"the voice in {Path(audio).name} cannot be isolated: {len(written)} files came out instead of one. "
                "Send the request without `vocals`"
            )
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(written[0].read_bytes())
    return output
