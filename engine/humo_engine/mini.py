"""The profile `mini`: HuMo's whole pipeline at toy size, trained on drawn faces and synthesised speech (see `humo_mini`).

Every stage is the code that runs the official weights; only sizes differ, and where the weights come from: files beside this module.
Matrices lie there as bytes with a scale for each row, and become fp32 once, when they are loaded. MODEL.md says what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from humo_engine.checkpoint import load_strict, reading
from humo_engine.components import Components
from humo_engine.model import SIZES, HuMoTransformer, ModelSize
from humo_engine.tiny import AUDIO_WIDTH, TEXT_WIDTH, byte_text_encoder, byte_tokenizer, draw_whisper
from humo_engine.vae import build_vae

FOLDER = Path(__file__).parent / "mini_weights"
TEXT_LENGTH = 192
TEXT_FILE = "text.safetensors"
VAE_FILE = "vae.safetensors"
ROW_SCALE = ".row_scale"
"""What follows a matrix's name in the file, for the scales of its rows."""
SMALLEST_PACKED = 1024
"""Matrices of fewer values stay as they are."""


def transformer_file(family: str) -> str:
    """The file of a model's transformer, by its name in generate.yaml."""
    return f"transformer-{family}.safetensors"


def mini_size(family: str) -> ModelSize:
    """The small form of a checkpoint's size: the same structure, 6 layers of width 192."""
    return ModelSize(
        in_dim=SIZES[family].in_dim,
        dim=192,
        ffn_dim=640,
        heads=3,
        layers=6,
        freq_dim=128,
        text_dim=TEXT_WIDTH,
        text_length=TEXT_LENGTH,
        audio_window=(8, 5, AUDIO_WIDTH),
        audio_hidden=128,
        audio_tokens=16,
        audio_token_dim=64,
    )


def mini_components(family: str, folder: Path = FOLDER, shared: Components | None = None) -> Components:
    """All parts of the pipeline for model `17b` or `1_7b`, on the CPU in fp32. `shared` lends everything but the transformer.

    CheckpointError if a file is absent, damaged, or not what it should be.
    """
    with torch.device("meta"):
        transformer = HuMoTransformer(mini_size(family))
    _load(transformer, folder / transformer_file(family))
    if shared is not None:
        return Components(
            family, "mini", transformer, shared.tokenizer, shared.text_encoder, shared.whisper, shared.extractor, shared.vae
        )
    tokenizer, vocabulary = byte_tokenizer()
    text_encoder = build_text_encoder(vocabulary)
    _load(text_encoder, folder / TEXT_FILE)
    whisper, extractor = draw_whisper()
    return Components(
        family=family,
        weights="mini",
        transformer=transformer,
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        whisper=whisper,
        extractor=extractor,
        vae=load_mini_vae(folder / VAE_FILE),
    )


def build_text_encoder(vocabulary: int) -> nn.Module:
    """The text encoder, three layers deep, its weights as the library draws them."""
    return byte_text_encoder(vocabulary, layers=3, ffn=192)


def load_mini_vae(file: Path) -> nn.Module:
    """The VAE, of the width that its file says by its shapes."""
    state = read_packed(file)
    with reading(file), torch.device("meta"):
        vae = build_vae(state["encoder.conv_in.weight"].shape[0])
    load_strict(vae, state, file.name)
    return vae.eval().requires_grad_(False)


def _load(module: nn.Module, file: Path) -> None:
    state = read_packed(file)
    if "shared.weight" in state:
        state["encoder.embed_tokens.weight"] = state["shared.weight"]  # one table under two names
    load_strict(module, state, file.name)
    module.eval().requires_grad_(False)


def pack(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights as they are kept in files: matrices as int8 rows with an fp32 scale each, all else as fp16.

    Rows are those of the first dimension, so a convolution has a scale for each channel it makes. `unpack` turns it back.
    """
    packed: dict[str, Tensor] = {}
    for name, value in state.items():
        value = value.detach().float().cpu()
        if value.dim() < 2 or value.numel() < SMALLEST_PACKED or name.endswith("modulation"):
            packed[name] = value.half().contiguous()
            continue
        rows = value.flatten(1)
        scale = (rows.abs().amax(1) / 127).clamp(min=1e-12)
        packed[name] = (rows / scale[:, None]).round().to(torch.int8).view(value.shape).contiguous()
        packed[name + ROW_SCALE] = scale
    return packed


def unpack(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `pack` made, as fp32 weights."""
    state = {}
    for name, value in packed.items():
        if name.endswith(ROW_SCALE):
            continue
        scale = packed.get(name + ROW_SCALE)
        state[name] = value.float() if scale is None else (value.flatten(1).float() * scale[:, None]).view(value.shape)
    return state


def read_packed(file: Path) -> dict[str, Tensor]:
    """fp32 weights from a file of `pack`. Raises CheckpointError naming the file."""
    from safetensors.torch import load_file

    with reading(file):
        return unpack(load_file(file))
