"""Weights into modules: every key and shape checked, pickles opened without running code."""

from __future__ import annotations

import contextlib
import textwrap
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from humo_engine.memory.shortage import memory_shortage
from humo_engine.model import HuMoTransformer, ModelSize
from humo_engine.runtime_environment import own_command

SHOWN_KEYS = 10


class CheckpointError(ValueError):
    """A checkpoint does not fit the model, is damaged, or cannot be opened safely. The message names the keys or the file.

    `code` is the protocol's failure code: what helps is a download, as it does against files that are missing.
    """

    code = "weights_missing"


@contextlib.contextmanager
def reading(path: Path, problem: str = "cannot be read", fetch: str = "weights download") -> Iterator[None]:
    """Turn what goes wrong inside into a CheckpointError that names the file or folder `path` and says what to do: `fetch` brings it anew.

    Libraries answer a damaged file with errors of any type; those about absent files, permissions and memory stay as they are.
    """
    try:
        yield
    except (FileNotFoundError, PermissionError, CheckpointError):
        raise
    except Exception as error:
        if memory_shortage(error) is not None:
            raise
        raise CheckpointError(
            f"{path} {problem}: {textwrap.shorten(str(error), 300)}. If it is damaged, delete it and fetch it anew with: "
            f"{own_command(fetch)} (`weights verify` finds all that is damaged)"
        ) from error


def pickles_are_safe(version: str) -> bool:
    """Whether `weights_only` keeps a pickle from running code in this PyTorch: from 2.6 on (CVE-2025-32434)."""
    major, minor = (int(part) for part in version.split("+")[0].split(".")[:2])
    return (major, minor) >= (2, 6)


def read_pickle(file: Path, fetch: str = "weights download") -> dict[str, Tensor]:
    """The tensors of a `.pth` file, or one of another name that PyTorch wrote. Only tensors are accepted: a pickle that would run code is refused.

    With a PyTorch before 2.6 that is no wall: whoever reads files of others calls `weights.require_pickles` first.
    """
    with reading(file, "is not a file of tensors alone, and was not opened", fetch):
        # Files of PyTorch before 1.6 are no archives, and cannot be mapped into memory.
        state = torch.load(file, map_location="cpu", mmap=zipfile.is_zipfile(file), weights_only=True)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(f"{file.name} does not map names to tensors")
    return state


def read_tensors(files: Iterable[Path], device: torch.device | str = "cpu") -> Iterator[tuple[str, Tensor]]:
    """Names and tensors of safetensors shards or pickles, one tensor in memory at a time."""
    from safetensors import safe_open

    for file in files:
        if file.suffix == ".safetensors":
            with reading(file), safe_open(file, framework="pt", device=str(device)) as shard:
                for key in shard.keys():  # noqa: SIM118 - not a mapping
                    yield key, shard.get_tensor(key)
        else:
            yield from read_pickle(file).items()


def check_keys(expected: dict[str, torch.Size], found: dict[str, torch.Size], name: str) -> None:
    """CheckpointError naming each missing key, unexpected key and wrong shape."""
    problems = [f"missing {key}" for key in expected if key not in found]
    problems += [f"unexpected {key}" for key in found if key not in expected]
    problems += [
        f"{key} has shape {tuple(found[key])} instead of {tuple(shape)}"
        for key, shape in expected.items()
        if key in found and found[key] != shape
    ]
    if problems:
        rest = f"\n  … and {len(problems) - SHOWN_KEYS} more" if len(problems) > SHOWN_KEYS else ""
        raise CheckpointError(f"{name} does not fit the model:\n  " + "\n  ".join(problems[:SHOWN_KEYS]) + rest)


def load_strict(module: nn.Module, state: dict[str, Tensor], name: str) -> None:
    """Give `module` (also one on the meta device) the tensors of `state`, which must match it key for key."""
    check_keys({k: v.shape for k, v in module.state_dict().items()}, {k: v.shape for k, v in state.items()}, name)
    module.load_state_dict(state, strict=True, assign=True)


def runs_in_fp32(key: str) -> bool:
    """Whether a transformer weight is used in fp32 whatever the compute dtype: modulation, norms, time and head."""
    return "modulation" in key or "norm" in key or key.startswith(("head.", "time_embedding.", "time_projection."))


def lower_precision(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Bring a transformer's matrices to `dtype` in place, as `load_transformer` has them; returns it."""
    for key, parameter in model.named_parameters():
        if not runs_in_fp32(key):
            parameter.data = parameter.data.to(dtype)
    return model


def load_transformer(size: ModelSize, files: Iterable[Path], dtype: torch.dtype, name: str) -> HuMoTransformer:
    """The transformer from the official files, in main memory, matrices as `dtype`. No more than one tensor is held twice."""
    with torch.device("meta"):
        model = HuMoTransformer(size)
    state = {key: value if runs_in_fp32(key) else value.to(dtype) for key, value in read_tensors(files)}
    load_strict(model, state, name)
    return model.eval().requires_grad_(False)
