"""Writes a weights folder in the form of the official files, from parts with random weights of any size.

The inverse of what `components.official_components` reads: names of keys, pickles and shards are those of the published
files (`weights.lock.json`), so that loading can be tested without them.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from humo_engine.components import TEXT_ENCODER_FILE, TOKENIZER_FOLDER, VAE_FILE, WHISPER_FOLDER, Components
from humo_engine.text import rename_umt5
from humo_engine.weights.lock import LOCK_FILE
from humo_engine.weights.present import ORIGINAL_1_7B, ORIGINAL_17B

GOLDEN = Path(__file__).parent / "data" / "golden.safetensors"
SHARDS = 7
NOT_WRITTEN = ("special_tokens_map", "spiece")


def write_official_files(root: Path, parts: Components) -> None:
    """Write transformer, text encoder, tokenizer, Whisper and VAE of `parts` below `root`."""
    write_transformer(root, parts.family, parts.transformer)
    _save_pickle(root / TEXT_ENCODER_FILE, _original_umt5(parts.text_encoder))
    _save_pickle(root / VAE_FILE, _original_vae(parts.vae))
    parts.tokenizer.save_pretrained(root / TOKENIZER_FOLDER)
    _write_whisper(root / WHISPER_FOLDER, parts.whisper)
    parts.extractor.save_pretrained(root / WHISPER_FOLDER)


def write_lock(file: Path) -> Path:
    """The lock file without sizes, and without the tokenizer's files that are not written here; returns it."""
    document = json.loads(LOCK_FILE.read_text(encoding="utf-8"))
    for repository in document["repositories"]:
        kept = [entry for entry in repository["files"] if not any(name in entry["path"] for name in NOT_WRITTEN)]
        repository["files"] = [{**entry, "size": None} for entry in kept]
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def write_transformer(root: Path, family: str, transformer: nn.Module) -> None:
    """17B: an index and seven shards; 1.7B: one pickle."""
    state = {key: value.cpu().contiguous() for key, value in transformer.state_dict().items()}
    if family == "1_7b":
        _save_pickle(root / ORIGINAL_1_7B, state)
        return
    index = root / ORIGINAL_17B
    index.parent.mkdir(parents=True, exist_ok=True)
    keys, places = list(state), {}
    for number in range(SHARDS):
        name = f"humo-{number + 1:05d}-of-{SHARDS:05d}.safetensors"
        shard = {key: state[key] for key in keys[number::SHARDS]}
        save_file(shard, index.parent / name)
        places.update(dict.fromkeys(shard, name))
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))


def _save_pickle(file: Path, state: dict[str, Tensor]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, file)


def _original_umt5(encoder: nn.Module) -> dict[str, Tensor]:
    """The keys of models_t5_umt5-xxl-enc-bf16.pth, found by asking the renaming where each of them goes."""
    state, layers = encoder.state_dict(), encoder.config.num_layers
    block = [
        "norm1.weight",
        "attn.q.weight",
        "attn.k.weight",
        "attn.v.weight",
        "attn.o.weight",
        "pos_embedding.embedding.weight",
        "norm2.weight",
        "ffn.gate.0.weight",
        "ffn.fc1.weight",
        "ffn.fc2.weight",
    ]
    keys = ["token_embedding.weight", "norm.weight", *(f"blocks.{layer}.{key}" for layer in range(layers) for key in block)]
    return {key: state[next(iter(rename_umt5({key: torch.empty(0)})))].cpu().bfloat16() for key in keys}


def _original_vae(vae: nn.Module) -> dict[str, Tensor]:
    """The keys of Wan2.1_VAE.pth, found by sending numbers instead of weights through the library's conversion."""
    from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers

    with safe_open(GOLDEN, framework="pt") as recorded:
        keys = [key.removeprefix("vae.state.") for key in recorded.keys() if key.startswith("vae.state.")]  # noqa: SIM118
    converted = convert_wan_vae_to_diffusers({key: torch.tensor(number) for number, key in enumerate(keys)})
    state = vae.state_dict()
    return {keys[int(number)]: state[key].cpu().contiguous() for key, number in converted.items()}


def _write_whisper(folder: Path, encoder: nn.Module) -> None:
    """The published file holds the decoder too; ours has one of a single layer, which loading has to leave aside."""
    from transformers import WhisperConfig, WhisperModel

    config = WhisperConfig(**{**encoder.config.to_dict(), "decoder_layers": 1, "decoder_attention_heads": 1,
                              "decoder_ffn_dim": 8, "vocab_size": 8, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1})  # fmt: skip
    with torch.device("meta"):
        model = WhisperModel(config)
    model.encoder = encoder
    model.decoder.to_empty(device="cpu")
    model.to("cpu").save_pretrained(folder)
