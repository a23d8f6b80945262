"""A rank other than 0: `python -m humo_engine.rank`, started by `group`, does what rank 0 tells it until that is gone."""

from __future__ import annotations

import io
import os
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import torch
from torch import Tensor

from humo_engine.group import Rank, broadcast_weights, receive_files
from humo_engine.memory.limit import limit_process
from humo_engine.memory.placing import place_transformer
from humo_engine.memory.shortage import memory_shortage


def follow(link: Connection, rank: Rank) -> None:
    """Take orders until there are no more."""
    while True:
        try:
            order, *details = link.recv()
        except (EOFError, OSError):  # rank 0 is gone, and with it whoever would hear
            os._exit(0)
        if order == "end":
            return
        ORDERS[order](link, rank, *details)


def _model(link: Connection, rank: Rank, family: str, skeleton: bytes, streamed: list[int]) -> None:
    rank.drop(family)
    transformer = torch.load(io.BytesIO(skeleton), weights_only=False)  # rank 0's own
    files = dict(zip(streamed, receive_files(link, len(streamed)), strict=True))
    layers = place_transformer(transformer, len(transformer.blocks) - len(streamed), rank.device, files=files)
    broadcast_weights(transformer, streamed)
    if rank.device.type == "cuda":
        from humo_engine.fast import compile_blocks, keep_compiled_code

        keep_compiled_code()
        compile_blocks(transformer.blocks, rank.device)
    rank.adopt(family, transformer, streamed, layers)


def _renew(link: Connection, rank: Rank, family: str) -> None:
    rank.renew(family)


def _prepare(link: Connection, rank: Rank, number: int, family: str, passes: Any, shapes: dict[str, Any]) -> None:
    inputs = {name: None if kind is None else _empty(rank, kind) for name, kind in shapes.items()}
    rank.prepare(number, family, passes, inputs)


def _round(link: Connection, rank: Rank, number: int, lanes: Any, latents: Any, timestep: Any, chunks: int | None) -> None:
    from humo_engine.fast import fastest_attention

    with fastest_attention(rank.device, rank.compute_dtype(number)):
        rank.run(number, lanes, _empty(rank, latents), _empty(rank, timestep), chunks)


def _forget(link: Connection, rank: Rank, number: int) -> None:
    rank.forget(number)


ORDERS = {"model": _model, "renew": _renew, "prepare": _prepare, "round": _round, "forget": _forget}


def _empty(rank: Rank, kind: tuple[tuple[int, ...], torch.dtype]) -> Tensor:
    shape, dtype = kind
    return torch.empty(shape, dtype=dtype, device=rank.device)


def main(arguments: list[str]) -> int:
    """Link's descriptor, this rank, number of ranks, the store's path, kind of device, memory limit in GiB or nothing."""
    link, index, count = Connection(int(arguments[0])), int(arguments[1]), int(arguments[2])
    device = torch.device("cuda", index) if arguments[4] == "cuda" else torch.device("cpu")
    try:
        if device.type == "cuda":
            # Triton launches on the current device, whatever its tensors are on.
            torch.cuda.set_device(device)
        if device.type == "cuda" and arguments[5]:
            limit_process(float(arguments[5]), device)
        rank = Rank(index, count, device, Path(arguments[3]))
        follow(link, rank)
    except Exception as error:
        traceback.print_exception(error, file=sys.stderr)
        shortage = memory_shortage(error)
        code = getattr(error, "code", None) or ("out_of_memory" if shortage is not None else None)
        link.send((f"memory ran out: {shortage}" if shortage is not None else f"{type(error).__name__}: {error}", code))
        os._exit(1)
    # Nothing of this process is worth an orderly end that could wait for a rank which is gone already.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
