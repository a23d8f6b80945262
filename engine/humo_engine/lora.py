"""Low-rank adapters: files in every form that people pass around, read strictly, and added to the weights.

A LoRA changes a matrix W to W + strength · alpha/rank · up · down (arXiv 2106.09685). Alpha is a tensor of the file, or stands in its
header (`lora_alpha.py`), or is the rank. It is added in fp32 and then brought to the precision that the model runs in, so a pass costs nothing more. Every key of a file is either used, passed over by name,
or an error: runners that skip what they do not know make blurred videos that nobody can explain.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from humo_engine.checkpoint import SHOWN_KEYS, CheckpointError, read_tensors
from humo_engine.lora_alpha import AlphaError, TrainedAlpha, read_alpha
from humo_engine.runtime_environment import own_command
from humo_engine.settings import Lora

PREFIXES = ("base_model.model.", "diffusion_model.", "model.", "transformer.", "pipe.dit.", "unet.")
UNDERSCORED_PREFIXES = ("lora_unet__", "lora_unet_", "lycoris_")
IMAGE_PARTS = ("k_img", "v_img", "img_emb", "add_k_proj", "add_v_proj", "norm_added_k", "image_embedder")
"""Layers of the image-to-video relatives, which HuMo lacks; adapters made for those carry them. The last four are diffusers' names."""

KINDS = {
    "lora_down": "down", "lora_A": "down", "lora.down": "down", "lora_linear_layer.down": "down",
    "lora_up": "up", "lora_B": "up", "lora.up": "up", "lora_linear_layer.up": "up",
    "lora_mid": "mid", "alpha": "alpha", "diff": "diff", "diff_b": "diff_b", "diff_m": "diff_m",
}  # fmt: skip

# diffusers' names of Wan's layers, and the checkpoint's. Longer ones first.
DIFFUSERS_NAMES = (
    ("condition_embedder.text_embedder.linear_1", "text_embedding.0"),
    ("condition_embedder.text_embedder.linear_2", "text_embedding.2"),
    ("condition_embedder.time_embedder.linear_1", "time_embedding.0"),
    ("condition_embedder.time_embedder.linear_2", "time_embedding.2"),
    ("condition_embedder.time_proj", "time_projection.1"),
    (".attn1.", ".self_attn."), (".attn2.", ".cross_attn."), (".to_out.0", ".o"), (".to_q", ".q"), (".to_k", ".k"), (".to_v", ".v"),
    (".ffn.net.0.proj", ".ffn.0"), (".ffn.net.2", ".ffn.2"), (".norm2", ".norm3"), ("proj_out", "head.head"),
)  # fmt: skip


NOT_LOADED = (
    "LoRAs are loaded with the engine: those of a request have to be those of a preset in generate.yaml, for the same model"
)


class LoraError(CheckpointError):
    """A LoRA file cannot be used with this model. The message names the file, and the key and shapes where one does not fit."""

    code = "invalid_input"


class LoraMissing(LoraError):
    """A LoRA file is not there."""

    code = "weights_missing"


@dataclass
class LoraReport:
    """What became of a file's keys: how many were used for how many tensors of the model, and which were passed over."""

    name: str
    keys: int = 0
    tensors: int = 0
    passed_over: list[str] = field(default_factory=list)
    alpha: TrainedAlpha = field(default_factory=TrainedAlpha)

    def __str__(self) -> str:
        text = f"{self.name}: {self.keys} keys change {self.tensors} tensors"
        if self.alpha.alpha is not None:
            text += f", alpha {self.alpha.alpha:g} ({self.alpha.source})"
        if self.passed_over:
            text += f"; passed over, since HuMo has no image cross-attention: {len(self.passed_over)} ({self.passed_over[0]} and the like)"
        return text


def read_lora(file: Path, strength: float, shapes: Mapping[str, torch.Size]) -> tuple[dict[str, list[Tensor]], LoraReport]:
    """What a file adds to each tensor of a model with `shapes` by key: differences in fp32, `strength` counted in.

    LoraMissing if it is not there; LoraError for a key that is not known, a shape that does not fit (with both), an incomplete pair, or a
    file of which nothing is used.
    """
    if not file.is_file():
        raise LoraMissing(
            f"there is no LoRA {file}. One that is known is fetched with: {own_command(f'weights download --lora {file.name}')}; "
            "any other has to be laid there"
        )
    if file.suffix != ".safetensors":
        raise LoraError(f"{file.name}: LoRAs are read from .safetensors files")
    try:
        report = LoraReport(file.name, alpha=read_alpha(file))
    except AlphaError as error:
        raise LoraError(f"{file.name}: {error}") from error
    layers: dict[str, dict[str, tuple[str, Tensor]]] = {}
    problems: list[str] = []
    names = _names(shapes)
    for key, value in read_tensors([file]):
        if any(part in key for part in IMAGE_PARTS):
            report.passed_over.append(key)
            continue
        place = _place_of(key, names)
        if place is None:
            problems.append(f"{key} {tuple(value.shape)} belongs to nothing in the model")
            continue
        path, kind = place
        if kind in layers.setdefault(path, {}):
            problems.append(f"{key} says again what {layers[path][kind][0]} said")
        layers[path][kind] = (key, value)
        report.keys += 1
    changes: dict[str, list[Tensor]] = {}
    for path, parts in layers.items():
        for target, key, difference in _differences(path, parts, report.alpha, problems):
            if target not in shapes:
                problems.append(f"{key} {tuple(difference.shape)}: the model has no {target}")
            elif difference.numel() != shapes[target].numel() or not _same_shape(difference.shape, shapes[target]):
                problems.append(f"{key} makes {tuple(difference.shape)}, and {target} has shape {tuple(shapes[target])}")
            else:
                changes.setdefault(target, []).append(strength * difference.reshape(shapes[target]))
    if problems:
        rest = f"\n  … and {len(problems) - SHOWN_KEYS} more" if len(problems) > SHOWN_KEYS else ""
        raise LoraError(f"{file.name} does not fit the model:\n  " + "\n  ".join(problems[:SHOWN_KEYS]) + rest)
    if not changes:
        raise LoraError(f"{file.name} changes nothing in the model: none of its {len(report.passed_over)} keys is used")
    report.tensors = len(changes)
    return changes, report


def _place_of(key: str, names: Mapping[str, str]) -> tuple[str, str] | None:
    """(the model's module or tensor, what kind of part) of a file's key; None where it belongs to nothing."""
    stem = key.removesuffix(".weight")
    for ending, kind in KINDS.items():
        for infix in ("", ".default"):
            tail = f".{ending}{infix}"
            if stem.endswith(tail) and (kind not in ("alpha", "diff", "diff_b", "diff_m") or stem == key):
                path = _known(stem.removesuffix(tail).removesuffix(".default"), names)
                return None if path is None else (path, kind)
    return None


def _known(path: str, names: Mapping[str, str]) -> str | None:
    stripped = True
    while stripped and path not in names:
        stripped = False
        for prefix in (*PREFIXES, *UNDERSCORED_PREFIXES):
            if path.startswith(prefix):
                path, stripped = path[len(prefix) :], True
                break
    return names.get(path)


def _names(shapes: Mapping[str, Any]) -> dict[str, str]:
    """Every name that a layer goes by, and the checkpoint's own."""
    own = {key.rpartition(".")[0] for key in shapes}
    names: dict[str, str] = {}
    for path in own:
        foreign = path
        for theirs, ours in DIFFUSERS_NAMES:
            if ours.startswith("."):
                foreign = (foreign + ".").replace(f"{ours.rstrip('.')}.", f"{theirs.rstrip('.')}.").removesuffix(".")
            elif foreign == ours:
                foreign = theirs
        for name in (foreign, path):
            names[name] = path
            names[name.replace(".", "_")] = path
    return names


def _differences(
    path: str, parts: Mapping[str, tuple[str, Tensor]], alpha: TrainedAlpha, problems: list[str]
) -> Iterable[tuple[str, str, Tensor]]:
    """(key in the model, key in the file, difference in fp32) for each tensor that one layer's parts change."""
    for kind, target in (("diff", f"{path}.weight"), ("diff_b", f"{path}.bias"), ("diff_m", f"{path}.modulation")):
        if kind in parts:
            yield target, parts[kind][0], parts[kind][1].float()
    pair = [kind for kind in ("down", "up") if kind in parts]
    if len(pair) == 2:
        difference = _product(parts, alpha, problems)
        if difference is not None:
            yield f"{path}.weight", parts["up"][0], difference
    elif pair or "alpha" in parts or "mid" in parts:
        alone = next(iter(parts.values()))[0]
        if pair or "diff" not in parts:  # some tools write an alpha beside a whole difference, where it means nothing
            problems.append(f"{alone} stands alone: a pair has a part down (A) and a part up (B)")


def _product(parts: Mapping[str, tuple[str, Tensor]], alpha: TrainedAlpha, problems: list[str]) -> Tensor | None:
    (down_key, down), (up_key, up) = ((parts[kind][0], parts[kind][1].float()) for kind in ("down", "up"))
    rank = down.shape[0]
    if "alpha" in parts:
        factor = float(parts["alpha"][1].float().reshape(-1)[0]) / rank
    else:
        factor = alpha.factor(_without_prefix(down_key.partition(".lora")[0]), rank)
    if "mid" in parts:
        mid_key, mid = parts["mid"][0], parts["mid"][1].float()
        if mid.shape[1] != rank or up.flatten(1).shape[1] != mid.shape[0]:
            problems.append(
                f"{up_key} {tuple(up.shape)}, {mid_key} {tuple(mid.shape)} and {down_key} {tuple(down.shape)} do not go together"
            )
            return None
        product = torch.einsum("op,pq...,qi->oi...", up.flatten(1), mid, down.flatten(1))
        return product * factor
    if up.flatten(1).shape[1] != rank:
        problems.append(f"{up_key} {tuple(up.shape)} and {down_key} {tuple(down.shape)} do not go together")
        return None
    return (up.flatten(1) @ down.flatten(1)).reshape(up.shape[0], *down.shape[1:]) * factor


def _without_prefix(name: str) -> str:
    while stripped := next((name[len(prefix) :] for prefix in PREFIXES if name.startswith(prefix)), ""):
        name = stripped
    return name


def _same_shape(given: torch.Size, wanted: torch.Size) -> bool:
    """Whether two shapes are the same but for ones, such as (5120,) for (1, 5120)."""
    return [side for side in given if side != 1] == [side for side in wanted if side != 1]


def read_loras(loras: Sequence[Lora], folder: Path, shapes: Mapping[str, torch.Size]) -> dict[str, list[Tensor]]:
    """What several files add together, each with its strength; their reports go to stderr."""
    together: dict[str, list[Tensor]] = {}
    for lora in loras:
        changes, report = read_lora(folder / lora.file, lora.strength, shapes)
        print(f"LoRA {report}, strength {lora.strength:g}", file=sys.stderr)
        for key, differences in changes.items():
            together.setdefault(key, []).extend(differences)
    return together


def fused(weight: Tensor, differences: Sequence[Tensor], device: torch.device | str = "cpu") -> Tensor:
    """A weight with differences added in fp32, in the weight's own dtype and at its own place; computed on `device`."""
    wide = weight.detach().to(device, torch.float32)
    for difference in differences:
        wide = wide + difference.to(device)
    return wide.to(weight.dtype).to(weight.device)


def add_loras(transformer: nn.Module, loras: Sequence[Lora], folder: Path, device: torch.device | str = "cpu") -> None:
    """Add LoRAs to a transformer's weights for good, before it is quantised and placed."""
    if not loras:
        return
    state = transformer.state_dict()
    with torch.no_grad():
        for key, differences in read_loras(loras, folder, {key: value.shape for key, value in state.items()}).items():
            state[key].copy_(fused(state[key], differences, device))


def parse_lora(text: str) -> Lora:
    """FILE or FILE=STRENGTH, as the command line has it. LoraError for a strength that is no number."""
    file, separator, strength = text.rpartition("=")
    if not separator:
        return Lora(str(Path(text).resolve()))
    try:
        return Lora(str(Path(file).resolve()), float(strength))
    except ValueError as error:
        raise LoraError(f"--lora {text}: the strength must be a number, such as {file}=0.8") from error


class LoraSwitch:
    """A transformer's weights with and without LoRAs, each kept in main memory and copied to where they run.

    For processes whose presets differ. What a preset without LoRAs runs with is what was loaded, to the bit. Make it before the
    transformer is quantised or placed, then call `keep` when it lies where it runs.
    """

    def __init__(self, transformer: nn.Module, sets: Iterable[tuple[Lora, ...]], folder: Path, device: torch.device):
        self._transformer = transformer
        self._active: tuple[Lora, ...] = ()
        self._own: dict[str, Tensor] = {}
        self._sets: dict[tuple[Lora, ...], dict[str, Tensor]] = {}
        self._unusable: dict[tuple[Lora, ...], LoraError] = {}
        state = transformer.state_dict()
        shapes = {key: value.shape for key, value in state.items()}
        for loras in sets:
            try:
                changes = read_loras(loras, folder, shapes)
            except LoraError as error:
                # Presets without it must go on working; who asks for this one hears why it does not.
                self._unusable[loras] = error
                print(f"a preset cannot be used: {error}", file=sys.stderr)
                continue
            self._sets[loras] = {key: fused(state[key], differences, device) for key, differences in changes.items()}

    @property
    def kept_bytes(self) -> int:
        """Bytes of main memory for every set of LoRAs and, from `keep` on or before, for what they change as it is without."""
        changed = {key: value for values in self._sets.values() for key, value in values.items()}
        return sum(value.nbytes for values in (*self._sets.values(), changed) for value in values.values())

    def keep(self, streamed: Any = None, quantize_on: torch.device | str = "cpu") -> None:
        """Take the weights as they now lie for those without LoRAs. `streamed` are the StreamedLayers that hold some of them, if any."""
        self._streamed = streamed
        for loras, values in self._sets.items():
            self._sets[loras] = {}
            for key, value in values.items():
                for name, final in self._final(key, value, quantize_on):
                    self._sets[loras][name] = final
                    if name not in self._own:
                        self._own[name] = self._target(name).detach().to("cpu", copy=True)

    def use(self, loras: tuple[Lora, ...]) -> bool:
        """Let the transformer run with these LoRAs, or with none; whether that changed it. LoraError where a file could not be used."""
        if loras == self._active:
            return False
        if loras and loras not in self._sets:
            raise self._unusable.get(loras) or LoraError(NOT_LOADED)
        wanted = self._sets[loras] if loras else {}
        before = self._sets[self._active] if self._active else {}
        with torch.no_grad():
            for name in dict.fromkeys((*before, *wanted)):
                self._write(name, wanted[name] if name in wanted else self._own[name])
        self._active = loras
        return True

    def _final(self, key: str, value: Tensor, device: torch.device | str) -> Iterable[tuple[str, Tensor]]:
        from humo_engine.fp8 import Float8Linear, quantize_rows

        path, _, name = key.rpartition(".")
        module = self._transformer.get_submodule(path)
        if isinstance(module, Float8Linear) and name == "weight":
            weight, scale = quantize_rows(value.to(device))
            yield key, weight.cpu()
            yield f"{path}.scale", scale.t().contiguous().cpu()
        else:
            yield key, value.cpu()

    @functools.cache  # noqa: B019 - a switch lives as long as its process
    def _owner(self, path: str) -> nn.Module:
        return self._transformer.get_submodule(path)

    def _target(self, name: str) -> Tensor:
        path, _, attribute = name.rpartition(".")
        owner = self._owner(path)
        if self._streamed is not None and (kept := self._streamed.kept(owner, attribute)) is not None:
            return kept
        return getattr(owner, attribute)

    def _write(self, name: str, value: Tensor) -> None:
        self._target(name).data.copy_(value)
        if self._streamed is not None:
            self._streamed.forget_slots()
