"""The alpha that a LoRA was trained with, where no tensor of its file says it.

Trainers that go by peft have one alpha for all layers, with exceptions by name, and write no tensors of it: diffusers writes its whole configuration
into the file's header, others write a number there, peft itself writes adapter_config.json beside the file. Who reads tensors alone
adds such a LoRA at alpha = rank: findings/a-loras-strength-stands-in-its-header.sh.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from humo_engine.checkpoint import reading

CONFIGURATION_KEY = "lora_adapter_metadata"
"""What diffusers calls peft's configuration in the header (`LORA_ADAPTER_METADATA_KEY`): JSON, its names behind that of the part of the pipeline."""

NUMBERS = ("lora_alpha", "network_alpha", "alpha")
"""What others call a number in the header. Not kohya's `ss_network_alpha`: its files have tensors, and what was made of them may have it counted in."""

PEFT_FILE, PEFT_CONFIGURATION = "adapter_model.safetensors", "adapter_config.json"


class AlphaError(ValueError):
    """A file says something of its alpha that cannot be followed. The message says what, and where it stands."""


@dataclass(frozen=True)
class TrainedAlpha:
    """What is known of the alphas of one file. Without `alpha`, that of a layer is its rank."""

    alpha: float | None = None
    exceptions: Mapping[str, float] = field(default_factory=dict)
    """By name of the layer or the end of it, behind a dot; one that begins with ^ is whole."""
    rank_stabilised: bool = False
    """Divided by the root of the rank (arXiv 2312.03732)."""
    source: str = ""

    def factor(self, layer: str, rank: int) -> float:
        """What the product of both matrices counts in `layer`, whose name is the file's without prefix."""
        alpha = self.alpha
        for name, other in self.exceptions.items():
            if layer == name.removeprefix("^") or (not name.startswith("^") and layer.endswith(f".{name}")):
                alpha = other
                break
        if alpha is None:
            return 1.0
        return alpha / (math.sqrt(rank) if self.rank_stabilised else rank)


def read_alpha(file: Path) -> TrainedAlpha:
    """What a .safetensors file's header, or peft's configuration beside it, says of its alpha.

    AlphaError for what cannot be followed, CheckpointError for a file that cannot be read.
    """
    from safetensors import safe_open

    with reading(file), safe_open(file, framework="pt") as opened:
        header: Mapping[str, str] = opened.metadata() or {}
    if CONFIGURATION_KEY in header:
        configuration = _json(header[CONFIGURATION_KEY], f"{CONFIGURATION_KEY} in its header")
        for prefix in ("transformer.", ""):
            if f"{prefix}lora_alpha" in configuration:
                return _of_configuration({key.removeprefix(prefix): value for key, value in configuration.items()}, "its header")
    numbers = {name: _number(header[name], f"{name} in its header") for name in NUMBERS if name in header}
    if len(set(numbers.values())) > 1:
        raise AlphaError("its header has several alphas: " + ", ".join(f"{name} {value:g}" for name, value in numbers.items()))
    if numbers:
        return TrainedAlpha(next(iter(numbers.values())), source="its header")
    beside = file.with_name(PEFT_CONFIGURATION)
    if file.name == PEFT_FILE and beside.is_file():
        with reading(beside):
            text = beside.read_text(encoding="utf-8")
        configuration = _json(text, PEFT_CONFIGURATION)
        if "lora_alpha" in configuration:
            return _of_configuration(configuration, PEFT_CONFIGURATION)
    return TrainedAlpha()


def _of_configuration(configuration: Mapping[str, Any], source: str) -> TrainedAlpha:
    exceptions = configuration.get("alpha_pattern") or {}
    if not isinstance(exceptions, dict):
        raise AlphaError(f"alpha_pattern in {source} does not map names to numbers")
    for name in exceptions:
        # peft takes them as regular expressions; files have names, with or without backslashes in front of the dots.
        if not re.fullmatch(r"\^?[\w.\\]+", name):
            raise AlphaError(f"alpha_pattern in {source} has {name}, and only names of layers are read there")
    return TrainedAlpha(
        _number(configuration["lora_alpha"], f"lora_alpha in {source}"),
        {name.replace("\\", ""): _number(value, f"alpha_pattern, {name}, in {source}") for name, value in exceptions.items()},
        configuration.get("use_rslora") is True,
        source,
    )


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise AlphaError(f"{where} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise AlphaError(f"{where} does not map names to values")
    return value


def _number(value: object, where: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise AlphaError(f"{where} is {value}, and has to be a number above 0")
    return number
