"""One engine on several GPUs of a machine: rank 0 speaks the protocol, and the others compute passes with it.

Each rank is a process with the transformer on its GPU; rank 0 starts the others, has everything else, and tells them by
a socket what comes next. Tensors go through torch.distributed: NCCL between GPUs, gloo on CPUs. A rank that is lost ends
the engine, since what waits for it inside NCCL cannot be called back; whoever started the engine starts it again.
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import gc
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

import torch
import torch.distributed as dist
from torch import Tensor, nn

from humo_engine.conditions import ClipConditions, prepare_conditions
from humo_engine.guidance import RULES, Pass
from humo_engine.mesh import plan_rounds, require_ranks, splits
from humo_engine.model import HuMoTransformer, ModelSize
from humo_engine.ulysses import Exchange, conditions_of_part, enable_exchange, part_of, patches_of_part

GPUS_VARIABLE = "HUMO_GPUS"
# Nothing waits longer for another rank: a pass takes seconds, and compiling one minutes.
PATIENCE = datetime.timedelta(minutes=30)
# How long rank 0 waits, after an error of its own in an exchange, for news that another rank's end was the cause.
NEWS_SECONDS = 5.0


class RankLost(RuntimeError):
    """Another rank has ended or failed. `code` is the protocol's failure code if the rank gave one, else None."""

    def __init__(self, message: str, code: str | None = None):
        super().__init__(message)
        if code is not None:
            self.code = code


@dataclass(frozen=True)
class Lane:
    """A pass and the ranks that make it: `count` of them from `first` on."""

    which: Pass
    first: int
    count: int

    def has(self, rank: int) -> bool:
        return self.first <= rank < self.first + self.count


def gpus_wanted(text: str | None, device: torch.device) -> int:
    """How many ranks HUMO_GPUS or `--gpus` asks for: a number, or `all` that CUDA shows. ValueError if there are fewer."""
    if text is None or not text.strip():
        return 1
    there = torch.cuda.device_count() if device.type == "cuda" else None
    if text.strip().lower() == "all":
        return there or 1
    if not text.strip().isdecimal() or int(text) == 0:
        raise ValueError(f"{GPUS_VARIABLE} is {text!r}; it must be a number of GPUs, such as 2, or all")
    if there is not None and int(text) > there:
        raise ValueError(f"{GPUS_VARIABLE} asks for {text} GPUs, and there are {there} (CUDA_VISIBLE_DEVICES may hide some)")
    return int(text)


def most_passes(family: str) -> int:
    """The most passes that any step of any mode of a model makes."""
    return max(len(guidance.passes) for (name, _), rules in RULES.items() if name == family for guidance in rules)


# ── what every rank does ─────────────────────────────────────────────────────────────────────────────────────────────


class Rank:
    """One rank's transformers, conditions and process groups."""

    def __init__(self, index: int, count: int, device: torch.device, store: Path):
        self.index, self.count, self.device = index, count, device
        self.transformers: dict[str, HuMoTransformer] = {}
        self._streamed: dict[str, tuple[int, ...]] = {}
        self._layers: dict[str, Any] = {}
        self._conditions: dict[int, ClipConditions] = {}
        self._families: dict[int, str] = {}
        self._parts: dict[tuple[int, Pass, int], Any] = {}
        # One machine: nothing of this has to be seen from outside it.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        os.environ.setdefault("NCCL_SOCKET_IFNAME", "lo")
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(
            backend, store=dist.FileStore(str(store), count), rank=index, world_size=count, timeout=PATIENCE,
            pg_options=_options(backend),
        )  # fmt: skip
        self._lanes: dict[tuple[int, int], Any] = {}
        for split in range(2, count + 1):
            for first in range(0, count - split + 1, split):
                # Every rank has to take part in making every group.
                self._lanes[first, split] = dist.new_group(
                    range(first, first + split), timeout=PATIENCE, pg_options=_options(backend)
                )

    def drop(self, family: str) -> None:
        """Give back what the transformer of a model holds, before another one comes."""
        if self.transformers.pop(family, None) is not None:
            gc.collect()  # its blocks refer to themselves
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def adopt(self, family: str, transformer: HuMoTransformer, streamed: Sequence[int] = (), layers: Any = None) -> None:
        """A transformer that is at its place and compiled, if it is to be, those of its blocks that lie in shared memory, and the
        StreamedLayers that bring them, if any.
        """
        enable_exchange(transformer.blocks, self.device)
        self.transformers[family] = transformer
        self._streamed[family] = tuple(streamed)
        self._layers[family] = layers

    def renew(self, family: str) -> None:
        broadcast_weights(self.transformers[family], self._streamed[family])
        if self._layers[family] is not None:  # what was fetched ahead is of the weights before
            self._layers[family].forget_slots()

    def prepare(self, number: int, family: str, passes: Sequence[Pass], inputs: dict[str, Tensor | None]) -> ClipConditions:
        """Conditions under a number, from what rank 0 has: `inputs` as for `prepare_conditions`."""
        for tensor in inputs.values():
            if tensor is not None:
                dist.broadcast(tensor, 0)
        conditions = prepare_conditions(self.transformers[family], passes, **inputs)
        self._conditions[number] = conditions
        self._families[number] = family
        return conditions

    def compute_dtype(self, number: int) -> torch.dtype:
        return self.transformers[self._families[number]].compute_dtype

    def forget(self, number: int) -> None:
        self._conditions.pop(number, None)
        for key in [key for key in self._parts if key[0] == number]:
            del self._parts[key]

    @torch.no_grad()
    def run(
        self, number: int, lanes: Sequence[Lane], latents: Tensor, timestep: Tensor, chunks: int | None = None
    ) -> list[Tensor]:
        """One round: each lane's pass, on every rank its own. Velocities of the latents' shape, the same on every rank.

        Heads travel in as many `chunks` as are given, or in one piece.
        """
        model, conditions = self.transformers[self._families[number]], self._conditions[number]
        dist.broadcast(latents, 0)
        dist.broadcast(timestep, 0)
        _, height, width = model.size.patch
        frame = (latents.shape[2] // height) * (latents.shape[3] // width)
        split = lanes[0].count
        part = part_of(self.index % split, split, latents.shape[1], frame)
        mine = next((lane for lane in lanes if lane.has(self.index)), None)
        if mine is None:
            patch = model.size.out_dim * height * width * model.size.patch[0]
            patches = latents.new_zeros(1, part.length, patch)
        else:
            seen = conditions.with_references(latents, mine.which)
            if split == 1:
                patches = model.patches(seen, timestep, conditions[mine.which])
            else:
                exchange = Exchange(part, self._lanes[mine.first, split], chunks or 1)
                patches = patches_of_part(model, seen, timestep, self._part_conditions(number, mine.which, part), exchange)
        gathered = patches.new_empty(self.count, *patches.shape[1:])
        dist.all_gather_into_tensor(gathered, patches.contiguous())
        velocities = []
        for lane in lanes:
            tokens = gathered[lane.first : lane.first + split].flatten(0, 1)[: part.tokens]
            velocities.append(model.unpatch(tokens[None], latents.shape[1:]))
        return velocities

    def _part_conditions(self, number: int, which: Pass, part: Any) -> Any:
        key = (number, which, part.count)
        if key not in self._parts:
            self._parts[key] = conditions_of_part(self._conditions[number][which], part)
        return self._parts[key]


def _options(backend: str) -> Any:
    if backend != "nccl":
        return None
    # What travels must not wait for the products that were started before it to leave the multiprocessors.
    return dist.ProcessGroupNCCL.Options(is_high_priority_stream=True)


def broadcast_weights(transformer: HuMoTransformer, streamed: Iterable[int]) -> None:
    """Rank 0's weights to all ranks, those of `streamed` blocks left out: these lie in memory that all ranks share."""
    outside = {id(tensor) for index in streamed for tensor in _tensors(transformer.blocks[index])}
    for tensor in _tensors(transformer):
        if id(tensor) not in outside:
            # As bytes: not every backend knows every type. A copy, where a tensor does not lie in one piece.
            flat = tensor.detach().contiguous()
            dist.broadcast(flat.reshape(-1).view(torch.uint8), 0)
            if flat.data_ptr() != tensor.data_ptr():
                tensor.data.copy_(flat)


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from (buffer for buffer in module.buffers() if buffer is not None)


# ── rank 0 ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Group:
    """The other ranks, as rank 0 sees them. `on_loss` is called, once and from another thread, when one of them is lost.

    It must end the process: the main thread may wait for that rank for ever.
    """

    def __init__(self, count: int, device: torch.device, memory_limit_gib: float | None = None):
        self.count, self.device = count, device
        self.on_loss: Callable[[RankLost], NoReturn] = _end
        self.broken = False
        self._closing = False
        self._losing = threading.Lock()
        self._lost = threading.Event()
        self._next = 0
        self._shared: dict[str, tuple[tuple[int, ...], Any]] = {}
        self._working = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="humo-ranks-")
        store = Path(self._folder.name) / "store"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._links: list[Connection] = []
        for index in range(1, count):
            ours, theirs = socket.socketpair()
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            command = [sys.executable, "-m", "humo_engine.rank", str(theirs.fileno()), str(index), str(count), str(store)]
            with theirs:
                # Rank 0's stdout is the protocol's.
                self.processes.append(
                    subprocess.Popen(
                        [*command, device.type, str(memory_limit_gib or "")],
                        stdin=subprocess.DEVNULL, stdout=2, pass_fds=[theirs.fileno()], env=environment,
                    )
                )  # fmt: skip
            self._links.append(Connection(ours.detach()))
        for index in range(1, count):
            threading.Thread(target=self._watch, args=(index,), daemon=True, name=f"rank {index}").start()
        self.rank = Rank(0, count, device, store)

    def share(self, family: str, transformer: HuMoTransformer, place: Callable[[HuMoTransformer], Any]) -> Any:
        """Give every rank the transformer, which is in main memory or on the GPU, and bring it to its place by `place`.

        `place` returns StreamedLayers in memory that can be shared, or None; so does this. Compile after it, then `adopt`.
        """
        require_ranks(self.count, transformer.size.heads, most_passes(family), family)
        skeleton = io.BytesIO()
        torch.save(_skeleton(transformer), skeleton)
        streamed = place(transformer)
        indices = [] if streamed is None else list(streamed.streamed)
        with self._together():
            self._tell("model", family, skeleton.getvalue(), indices)
            if streamed is not None:
                files = [streamed.shared_file(index) for index in indices]
                for link in self._links:
                    _send_files(link, files)
            broadcast_weights(transformer, indices)
        self._shared[family] = tuple(indices), streamed
        return streamed

    def adopt(self, family: str, transformer: HuMoTransformer) -> None:
        """Take the shared and compiled transformer for this rank's passes."""
        self.rank.adopt(family, transformer, *self._shared.get(family, ()))

    def renew(self, family: str) -> None:
        """Give every rank the transformer's present weights, after rank 0 has changed them in place. Conditions do not outlive it."""
        with self._together():
            self._tell("renew", family)
            self.rank.renew(family)

    def prepare(self, family: str, passes: Iterable[Pass], **inputs: Tensor | None) -> GroupConditions:
        """As `prepare_conditions`, on every rank."""
        passes = tuple(passes)
        number, self._next = self._next, self._next + 1
        whole = {name: None if value is None else value.contiguous() for name, value in inputs.items()}
        shapes = {name: None if value is None else (tuple(value.shape), value.dtype) for name, value in whole.items()}
        with self._together():
            self._tell("prepare", number, family, passes, shapes)
            conditions = self.rank.prepare(number, family, passes, whole)
        return GroupConditions(self, number, self.rank.transformers[family].size, conditions)

    def run(
        self, number: int, lanes: Sequence[Lane], latents: Tensor, timestep: Tensor, chunks: int | None = None
    ) -> list[Tensor]:
        """One round of passes, each lane's on its ranks; velocities in the order of the lanes."""
        latents, timestep = latents.contiguous(), timestep.contiguous()
        with self._together():
            kinds = (tuple(latents.shape), latents.dtype), (tuple(timestep.shape), timestep.dtype)
            self._tell("round", number, tuple(lanes), *kinds, chunks)
            return self.rank.run(number, lanes, latents, timestep, chunks)

    def forget(self, number: int) -> None:
        """Let every rank drop conditions that are not needed any more."""
        if not self._closing and not self._lost.is_set():
            with contextlib.suppress(OSError), self._working:
                self._tell("forget", number)
                self.rank.forget(number)

    def close(self) -> None:
        """End the other ranks and wait for them."""
        self._closing = True
        for link in self._links:
            with contextlib.suppress(OSError):
                link.send(("end",))
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for link in self._links:
            with contextlib.suppress(OSError):
                link.close()
        if dist.is_initialized():
            dist.destroy_process_group()
        self._folder.cleanup()

    def _tell(self, *order: Any) -> None:
        for link in self._links:
            link.send(order)

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        """What runs on all ranks. An error in here leaves the others in an exchange without this one: nothing can follow."""
        with self._working:
            try:
                yield
            except Exception:
                self.broken = True
                # Another rank's end is told by whoever watches it, which ends the process.
                if self._lost.wait(NEWS_SECONDS):
                    threading.Event().wait()
                raise

    def _watch(self, index: int) -> None:
        """Wait for the end of a rank, or its word that it failed."""
        reason, code = None, None
        with contextlib.suppress(EOFError, OSError):
            reason, code = self._links[index - 1].recv()
        if self._closing:
            return
        process = self.processes[index - 1]
        if reason is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            status = process.returncode
            how = (
                "fell silent"
                if status is None
                else f"was ended by {_signal_name(-status)}"
                if status < 0
                else f"ended with {status}"
            )
            reason = f"its process {how}"
        self.broken = True
        self._lost.set()
        with self._losing:  # never given back: the first one ends the process
            self.on_loss(RankLost(f"GPU {index} of {self.count} was lost (counted from 0): {reason}", code))


class GroupConditions:
    """A clip's conditions on every rank of a group. Dropped there when this is closed, or nobody holds it any more."""

    def __init__(self, group: Group, number: int, size: ModelSize, conditions: ClipConditions):
        self._group, self._number, self._heads = group, number, size.heads
        self.local = conditions

    def rounds(self, passes: Sequence[Pass]) -> list[tuple[Pass, ...]]:
        """The passes of a step in groups that are made at the same time, by what is quickest."""
        rest, rounds = tuple(passes), []
        for split in plan_rounds(len(rest), self._group.count, self._heads):
            together = self._group.count // split
            rounds.append(rest[:together])
            rest = rest[together:]
        return rounds

    def predict(self, latents: Tensor, timestep: Tensor, passes: tuple[Pass, ...]) -> list[Tensor]:
        """Velocities of one of these groups of passes, each pass on as many ranks as there are for it."""
        split = max(split for split in splits(self._group.count, self._heads) if self._group.count // split >= len(passes))
        lanes = [Lane(which, number * split, split) for number, which in enumerate(passes)]
        return self._group.run(self._number, lanes, latents, timestep)

    def run(self, lanes: Sequence[Lane], latents: Tensor, timestep: Tensor, chunks: int | None = None) -> dict[Pass, Tensor]:
        """One round; the velocity of each of its passes."""
        velocities = self._group.run(self._number, lanes, latents, timestep, chunks)
        return {lane.which: velocity for lane, velocity in zip(lanes, velocities, strict=True)}

    def close(self) -> None:
        self._group.forget(self._number)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


def _skeleton(transformer: HuMoTransformer) -> HuMoTransformer:
    """The module as it is, down to its layers' types, without its values."""
    memo: dict[int, Any] = {}
    for parameter in transformer.parameters():
        memo[id(parameter)] = nn.Parameter(torch.empty_like(parameter, device="meta"), requires_grad=False)
    for buffer in transformer.buffers():
        memo[id(buffer)] = torch.empty_like(buffer, device="meta")
    return copy.deepcopy(transformer, memo)


def _send_files(link: Connection, files: Sequence[int]) -> None:
    with socket.socket(fileno=os.dup(link.fileno())) as wire:
        for file in files:
            socket.send_fds(wire, [b"f"], [file])


def receive_files(link: Connection, count: int) -> list[int]:
    """Open files that `Group.share` sends, as descriptors."""
    with socket.socket(fileno=os.dup(link.fileno())) as wire:
        return [socket.recv_fds(wire, 1, 1)[1][0] for _ in range(count)]


def _signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _end(lost: RankLost) -> NoReturn:
    print(f"humo-engine: {lost}", file=sys.stderr, flush=True)
    os._exit(1)
