"""`weights convert`: the fp32 transformer as bf16 beside it."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from humo_engine.checkpoint import read_tensors
from humo_engine.units import GIB
from humo_engine.weights.disk import SPARE_BYTES, free_bytes_at
from humo_engine.weights.errors import WeightsError, WeightsMissing
from humo_engine.weights.events import Converting, Tell, tell_people
from humo_engine.weights.in_use import alone_in
from humo_engine.weights.present import (
    CONVERTED_FOLDERS,
    INDEX_NAME,
    ORIGINAL_1_7B,
    ORIGINAL_17B,
    complete_index,
    is_whole,
    missing_files,
)
from humo_engine.weights.record import put_in_place


def stays_float32(key: str, dimensions: int) -> bool:
    """Whether a tensor keeps fp32: all that runs in fp32 anyway (modulation, norms, time, head) and vectors, 2% of the bytes."""
    return dimensions < 2 or "modulation" in key or key.startswith(("head.", "time_embedding.", "time_projection."))


def convert(root: Path, model: str, tell: Tell = tell_people) -> Path:
    """Write the official fp32 transformer as bf16 safetensors beside it; returns the new index file.

    One shard at a time: the input is memory-mapped, so what is held is one bf16 output shard. Shards get their names
    when complete, the index last; `transformer_files` prefers the copy from then on. Sums are recorded for `verify`.
    WeightsMissing without the input, CheckpointError if it is damaged.
    """
    root = Path(root)
    folder = root / CONVERTED_FOLDERS[model]
    if model == "17b":
        sources = complete_index(root, ORIGINAL_17B)
        if sources is None:
            raise WeightsMissing(root, model, missing_files(root, model) or [ORIGINAL_17B])
        index = json.loads((root / ORIGINAL_17B).read_text(encoding="utf-8"))["weight_map"]
        keys_by_shard = [(file, sorted(key for key, name in index.items() if name == file.name)) for file in sources]
    else:
        file = root / ORIGINAL_1_7B
        if not is_whole(root, ORIGINAL_1_7B):
            raise WeightsMissing(root, model, [ORIGINAL_1_7B])
        keys_by_shard = [(file, None)]
    bytes_in = sum(file.stat().st_size for file, _ in keys_by_shard)
    free = free_bytes_at(root)
    if bytes_in * 0.52 + SPARE_BYTES > free:
        raise WeightsError(
            f"Not enough disk: about {bytes_in * 0.52 / GIB:.1f} GiB are needed, {free / GIB:.1f} GiB are free at {root}"
        )
    with alone_in(root, tell):
        return _convert(root, folder, keys_by_shard, tell)


def _convert(root: Path, folder: Path, keys_by_shard: list[tuple[Path, list[str] | None]], tell: Tell) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    place = folder.relative_to(root).as_posix()
    (folder / INDEX_NAME).unlink(missing_ok=True)  # a copy written over an older one counts when it is whole, not before
    weight_map: dict[str, str] = {}
    total = 0
    for number, (file, keys) in enumerate(keys_by_shard, start=1):
        name = f"humo-{number:05d}-of-{len(keys_by_shard):05d}.safetensors"
        tell(Converting(number, len(keys_by_shard), file.name, f"{folder.name}/{name}"))
        sizes = _convert_shard(file, keys, folder / f"{name}.new")
        put_in_place(root, folder / f"{name}.new", f"{place}/{name}")
        weight_map.update(dict.fromkeys(sizes, name))
        total += sum(sizes.values())
    text = json.dumps({"metadata": {"total_size": total, "format": "pt"}, "weight_map": weight_map}, indent=1) + "\n"
    new_index = folder / f"{INDEX_NAME}.new"
    new_index.write_text(text, encoding="utf-8")
    return put_in_place(root, new_index, f"{place}/{INDEX_NAME}")


def _convert_shard(source: Path, keys: list[str] | None, target: Path) -> dict[str, int]:
    def lower(key: str, tensor: torch.Tensor) -> torch.Tensor:
        narrow = tensor.is_floating_point() and not stays_float32(key, tensor.dim())
        # clone: what stays fp32 must not keep the memory-mapped file alive past this shard.
        return tensor.to(torch.bfloat16) if narrow else tensor.clone()

    converted = {key: lower(key, tensor) for key, tensor in read_tensors([source])}
    if keys is not None and set(keys) != converted.keys():
        difference = sorted(set(keys) ^ converted.keys())
        raise WeightsError(f"{source.name}: the index and the shard disagree about {', '.join(difference[:5])}")
    try:
        save_file(converted, target, metadata={"format": "pt"})
    except (SafetensorError, OSError) as error:
        target.unlink(missing_ok=True)  # most often the disk is full: what was begun must not keep it so
        raise WeightsError(f"{target} cannot be written: {error}. Fix that and run the same command again") from error
    return {key: tensor.numel() * tensor.element_size() for key, tensor in converted.items()}
