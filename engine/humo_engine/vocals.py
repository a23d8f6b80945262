"""The voice alone: music and noise taken out of the sound before Whisper listens to it.

Kim_Vocal_2 runs through the audio-separator library, an optional extra. The library would fetch three lists from its project to
learn how each of its hundreds of models is run, and keep them beside the model, whole or not. What they say of this one model
stands here, so that a machine without internet access works, a folder of weights that cannot be written does, too, and nothing is
downloaded while somebody waits.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

from humo_engine.weights.errors import WeightsMissing
from humo_engine.weights.present import missing_files

MODEL_FILE = "Kim_Vocal_2.onnx"
MODEL_FOLDER = "audio_separator"
STEM = "Vocals"
INSTALL = (  # into the environment that `npm run engine` uses, with the versions of everything else left as they are
    ".venv/bin/uv pip install --python .venv/bin/python --constraints engine/requirements.txt "
    "'audio-separator[cpu]>=0.30' 'onnxruntime>=1.20'"
)
# How the model was trained, as the library's list has it under the sum of Kim_Vocal_2.onnx: a spectrogram of 7680 samples a
# window, of which 3072 bins and 2^8 frames go in at once, and the factor by which what comes out is too quiet.
PARAMETERS = {
    "compensate": 1.009,
    "mdx_dim_f_set": 3072,
    "mdx_dim_t_set": 8,
    "mdx_n_fft_scale_set": 7680,
    "primary_stem": STEM,
}
# All groups of models that any version of the library looks for in its list.
MODEL_GROUPS = (
    "vr_download_list",
    "mdx_download_list",
    "mdx_download_vip_list",
    "demucs_download_list",
    "mdx23_download_list",
    "mdx23c_download_list",
    "mdx23c_download_vip_list",
    "roformer_download_list",
)


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
            f"`{INSTALL}`, or send the request without `vocals`"
        ) from error
    if missing_files(weights, "vocals"):
        raise WeightsMissing(weights, "vocals", missing_files(weights, "vocals"))
    return Separator


def can_isolate(weights: Path) -> bool:
    """Whether library and model are there, without loading either."""
    return importlib.util.find_spec("audio_separator") is not None and not missing_files(weights, "vocals")


def isolate_voice(audio: str | Path, output: str | Path, weights: str | Path) -> Path:
    """Write the voice in `audio` to `output` (WAV, 44.1 kHz stereo, as long as the input); returns `output`.

    The library multiplies the voice by the input's peak, so quiet sound gets quieter. The published procedure listens to what this
    library writes, so it stays.

    VocalsUnavailable without the library, WeightsMissing without the model, ValueError if the result is unusable.
    """
    weights, output = Path(weights), Path(output)
    separator_type = find_separator(weights)
    with tempfile.TemporaryDirectory(prefix="humo-vocals-") as name:
        models, folder = Path(name, "models"), Path(name, "voice")
        try:
            separator = separator_type(
                log_level=logging.WARNING,
                model_file_dir=str(models),
                output_dir=str(folder),
                output_format="WAV",
                output_single_stem=STEM,
            )
            _describe_model(weights / MODEL_FOLDER / MODEL_FILE, models, separator.get_model_hash)
            separator.load_model(MODEL_FILE)
            # Whatever names the library reports: with one stem asked for, the one file in the folder is it.
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


def _describe_model(file: Path, folder: Path, library_sum: Callable[[str], str]) -> None:
    """Lay the model and what the library asks to know about it into `folder`, in the library's own form."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).symlink_to(file.resolve())
    groups: dict[str, dict[str, str]] = {group: {} for group in MODEL_GROUPS}
    groups["mdx_download_list"] = {"Kim Vocal 2": MODEL_FILE}
    for name, content in (
        ("download_checks.json", groups),
        ("vr_model_data.json", {}),
        ("mdx_model_data.json", {library_sum(str(file)): PARAMETERS}),
    ):
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
