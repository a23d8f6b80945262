"""What an earlier run of the training left in its folders: made whole, or refused, before another run goes on from it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from torch import Tensor

from humo_engine.cases import CasesError
from humo_engine.mini import TEXT_FILE, VAE_FILE, mini_components, pack, transformer_file

FAMILIES = ("17b", "1_7b")
CLAIM = "training.json"
"""The file of the state folder that says which training it is of."""
MADE_BY_TEXT, MADE_BY_VAE, MADE_BY_DECODER = "text.pt", "vae.pt", "decoder.pt"


def claim(state: Path, size: str, start: Path | None) -> None:
    """Keep a state folder to one training: results of another size, or of what goes on from other weights, would be taken for its own.

    CasesError where it belongs to another one. A folder of earlier versions, which say nothing, belongs to whoever comes.
    """
    own = {"size": size, "from": None if start is None else str(start.resolve())}
    file = state / CLAIM
    if file.is_file():
        if (other := json.loads(file.read_text(encoding="utf-8"))) != own:
            raise CasesError(
                f"{state} holds another training ({_words(other)}), and this is one {_words(own)}: name another folder with --state, or remove it"
            )
        return
    state.mkdir(parents=True, exist_ok=True)
    partial = state / f".{CLAIM}.part"
    partial.write_text(json.dumps(own), encoding="utf-8")
    os.replace(partial, file)


def _words(training: dict[str, str | None]) -> str:
    beginning = "from nothing" if training["from"] is None else f"from {training['from']}"
    return f"of size {training['size']} {beginning}"


def check_files(start: Path) -> None:
    """ValueError that names the file where weights to go on from are absent."""
    for name in (TEXT_FILE, VAE_FILE, *map(transformer_file, FAMILIES)):
        if not (start / name).is_file():
            raise CasesError(f"{start} has no {name}: --from names a folder with the weight files of an earlier training")


def check_start(start: Path) -> None:
    """The same, also where they are damaged, or of another model."""
    check_files(start)
    shared = mini_components("17b", start)
    mini_components("1_7b", start, shared)


def make_whole(state: Path, out: Path) -> None:
    """Take away a VAE that a run was ended in writing, and write weight files anew that are kept in `state` and gone from `out`."""
    if not (state / MADE_BY_VAE).exists():
        for file in state.glob("vae-*.safetensors"):
            if not file.with_suffix(".pt").exists():
                file.unlink()
    vae = MADE_BY_DECODER if (state / MADE_BY_DECODER).exists() else MADE_BY_VAE
    for name, kept in ((TEXT_FILE, MADE_BY_TEXT), (VAE_FILE, vae)):
        if (state / kept).exists() and not (out / name).exists():
            weights = torch.load(state / kept, map_location="cpu", weights_only=True)
            weights.pop("encoder.embed_tokens.weight", None)  # one table under two names
            write_weights(pack(weights), out / name)


def write_weights(tensors: dict[str, Tensor], file: Path) -> None:
    """A weight file, whole or not at all."""
    from safetensors.torch import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".part")
    save_file(tensors, partial)
    os.replace(partial, file)
