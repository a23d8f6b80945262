"""The parts of a pipeline, and the official ones loaded from `weights/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from humo_engine.checkpoint import load_strict, load_transformer, read_pickle, reading
from humo_engine.model import SIZES, HuMoTransformer
from humo_engine.text import rename_umt5, umt5_xxl_config
from humo_engine.weights.pickles import require_pickles
from humo_engine.weights.present import require, transformer_files

WAN_FOLDER = "Wan2.1-T2V-1.3B"
VAE_FILE = f"{WAN_FOLDER}/Wan2.1_VAE.pth"
TEXT_ENCODER_FILE = f"{WAN_FOLDER}/models_t5_umt5-xxl-enc-bf16.pth"
TOKENIZER_FOLDER = f"{WAN_FOLDER}/google/umt5-xxl"
WHISPER_FOLDER = "whisper-large-v3"


@dataclass
class Components:
    """What a clip goes through. `weights` says whether the result means anything."""

    family: str
    weights: Literal["official", "random", "mini"]
    transformer: HuMoTransformer
    tokenizer: Any
    text_encoder: nn.Module
    whisper: nn.Module
    extractor: Any
    vae: nn.Module


def official_components(root: Path, family: str, dtype: torch.dtype, shared: Components | None = None) -> Components:
    """The official parts, in main memory. `shared` lends everything but the transformer, which models have in common.

    WeightsMissing if files are not there, CheckpointError if they are not what they should be.
    """
    require(root, family)
    require_pickles(root, family)
    transformer = load_transformer(SIZES[family], transformer_files(root, family), dtype, f"HuMo {family}")
    if shared is not None:
        return Components(
            family, "official", transformer, shared.tokenizer, shared.text_encoder, shared.whisper, shared.extractor, shared.vae
        )
    return Components(
        family=family,
        weights="official",
        transformer=transformer,
        tokenizer=load_tokenizer(root / TOKENIZER_FOLDER),
        text_encoder=load_text_encoder(root / TEXT_ENCODER_FILE),
        whisper=load_whisper(root / WHISPER_FOLDER),
        extractor=load_extractor(root / WHISPER_FOLDER),
        vae=load_vae(root / VAE_FILE),
    )


def load_vae(file: Path) -> nn.Module:
    """The VAE from Wan's original pickle, fp32."""
    from humo_engine.vae import load_original_vae

    with reading(file):
        return load_original_vae({key: value.float() for key, value in read_pickle(file).items()})


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of UMT5."""
    from transformers import AutoTokenizer

    with reading(folder):
        return AutoTokenizer.from_pretrained(folder)


def load_text_encoder(file: Path) -> nn.Module:
    """UMT5-xxl from Wan's original pickle, bf16."""
    from transformers import UMT5EncoderModel

    with torch.device("meta"):
        encoder = UMT5EncoderModel(umt5_xxl_config())
    with reading(file):
        state = rename_umt5(read_pickle(file))
        state["encoder.embed_tokens.weight"] = state["shared.weight"]  # one table under two names
    load_strict(encoder, state, file.name)
    return encoder.eval().requires_grad_(False)


def load_whisper(folder: Path) -> nn.Module:
    """The encoder of whisper-large-v3, fp32."""
    from transformers import WhisperModel

    with reading(folder):
        encoder = WhisperModel.from_pretrained(folder, torch_dtype=torch.float32, use_safetensors=True).get_encoder()
    return encoder.eval().requires_grad_(False)


def load_extractor(folder: Path) -> Any:
    """What turns sound into the spectrogram that Whisper reads."""
    from transformers import WhisperFeatureExtractor

    with reading(folder):
        return WhisperFeatureExtractor.from_pretrained(folder)
