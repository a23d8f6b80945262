"""Layers that do not fit on the GPU: kept in pinned memory and copied in just before they run.

A layer's parameters are packed into one buffer in main memory. The device holds a few slots of that size; while one
layer computes, the next one's bytes travel into another slot on a second CUDA stream. On a GPU whose link carries a
layer faster than the layer computes, streaming costs no time (17B at 480p: 0.8 GiB against 0.1 s of work).
"""

from __future__ import annotations

import logging
import mmap
import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

ALIGNMENT = 256  # bytes; what CUDA's own allocations guarantee, so kernels choose the same vector widths


@dataclass(frozen=True)
class _Tensor:
    """Where a parameter or buffer of a layer lies in the layer's packed bytes."""

    owner: nn.Module
    name: str
    is_parameter: bool
    shape: torch.Size
    dtype: torch.dtype
    offset: int

    def view(self, packed: torch.Tensor) -> torch.Tensor:
        size = self.shape.numel() * self.dtype.itemsize
        return packed[self.offset : self.offset + size].view(self.dtype).view(self.shape)

    def assign(self, value: torch.Tensor) -> None:
        if self.is_parameter:
            parameter = self.owner._parameters[self.name]
            if parameter.is_meta:  # which cannot be given memory
                self.owner._parameters[self.name] = nn.Parameter(value, requires_grad=False)
            else:
                parameter.data = value
        else:
            self.owner._buffers[self.name] = value


class StreamedLayers:
    """Runs `layers`, which are called in their order, with only some of their weights on `device`.

    `resident` of them are moved to the device for good, spread evenly so that copies have work to hide behind; the
    others stay in main memory (pinned where `device` is a GPU) and pass through `slots` buffers on the device. The
    layers' outputs are the same to the bit. Call `remove` to take the hooks off; the streamed layers are then left in
    main memory.

    With `share`, what stays in main memory can be opened by other processes, by `shared_file`. One that opens it gives the
    descriptors as `files`, by number of layer; its own `layers` may then be on the meta device, and resident ones get memory
    that is still to be filled.

    Without `keep`, the slots exist only from a run's first layer to its last.
    """

    def __init__(
        self,
        layers: Sequence[nn.Module],
        device: torch.device | str,
        resident: int = 0,
        slots: int = 2,
        *,
        share: bool = False,
        files: Mapping[int, int] | None = None,
        keep: bool = True,
    ):
        self.device = torch.device(device)
        if slots < 1 or not 0 <= resident <= len(layers):
            raise ValueError(f"slots must be ≥ 1 and 0 ≤ resident ≤ {len(layers)}, not {slots} and {resident}")
        self.layers = list(layers)
        self.streamed = spread(len(self.layers), len(self.layers) - resident)
        self._hooks: list[Any] = []
        self._cuda = self.device.type == "cuda"
        self._tensors: dict[int, list[_Tensor]] = {}
        self._packed: dict[int, torch.Tensor] = {}
        self._share, self._files = share, dict(files or {})
        self._given = files is not None
        for index, layer in enumerate(self.layers):
            if index in self.streamed:
                self._pack(index, layer)
            else:
                bring(layer, self.device)
        self._size = max((packed.numel() for packed in self._packed.values()), default=0)
        slots = min(slots, len(self.streamed))
        self._keep = keep
        self._slots: list[torch.Tensor | None] = [None] * slots
        self._holds: list[int | None] = [None] * slots
        self._copied: list[Any] = [None] * slots  # when the bytes have arrived
        self._released: list[Any] = [None] * slots  # when the last layer in the slot has been computed
        self._stream = torch.cuda.Stream(self.device) if self._cuda and self.streamed else None
        if self._stream is not None:  # the slots' memory may still be in use by earlier work of the current stream
            self._stream.wait_stream(torch.cuda.current_stream(self.device))
        for position, index in enumerate(self.streamed):
            layer = self.layers[index]
            self._hooks.append(layer.register_forward_pre_hook(self._arrive(position, index)))
            self._hooks.append(layer.register_forward_hook(self._leave(position, index)))
        for position in range(slots if keep else 0):
            self._prefetch(position)

    def shared_file(self, index: int) -> int:
        """The descriptor of the memory in which layer `index` lies, which stays this object's."""
        return self._files[index]

    @property
    def streamed_bytes(self) -> int:
        """Bytes that one run over all layers copies to the device."""
        return sum(packed.numel() for packed in self._packed.values())

    @property
    def slot_bytes(self) -> int:
        """Bytes of the slots on the device, as long as they exist."""
        return len(self._slots) * self._size

    def with_weights(self, index: int, work: Callable[..., Any]) -> Callable[..., Any]:
        """`work`, made to run with the weights of layer `index` on the device. For what uses a layer without calling it."""
        if index not in self.streamed:
            return work
        position, layer = self.streamed.index(index), self.layers[index]
        arrive, leave = self._arrive(position, index), self._leave(position, index)

        def run(*arguments: Any) -> Any:
            arrive(layer, arguments)
            result = work(*arguments)
            leave(layer, arguments, result)
            return result

        return run

    def kept(self, owner: nn.Module, name: str) -> torch.Tensor | None:
        """What main memory keeps of a parameter or buffer of `owner` in a streamed layer; None for any other.

        Call `forget_slots` after writing to it.
        """
        for index, tensors in self._tensors.items():
            for tensor in tensors:
                if tensor.owner is owner and tensor.name == name:
                    return tensor.view(self._packed[index])
        return None

    def forget_slots(self) -> None:
        """Let every layer be copied to the device anew before it runs."""
        if self._cuda:
            torch.cuda.synchronize(self.device)
        self._holds = [None] * len(self._holds)

    def remove(self) -> None:
        """Take the hooks off and give the slots' memory back."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        if self._cuda:
            torch.cuda.synchronize(self.device)
        for index, tensors in self._tensors.items():
            for tensor in tensors:
                tensor.assign(tensor.view(self._packed[index]))
        self._slots.clear()

    def _pack(self, index: int, layer: nn.Module) -> None:
        tensors: list[_Tensor] = []
        values: list[torch.Tensor] = []
        offset = 0
        for owner in layer.modules():
            own = [(name, value, True) for name, value in owner._parameters.items()]
            own += [(name, value, False) for name, value in owner._buffers.items()]
            for name, value, is_parameter in own:
                if value is None:
                    continue
                tensors.append(_Tensor(owner, name, is_parameter, value.shape, value.dtype, offset))
                values.append(value)
                offset += -(-value.numel() * value.element_size() // ALIGNMENT) * ALIGNMENT
        if self._given:
            packed = _main_memory(offset, self._cuda, self._files[index])
        else:
            if self._share:
                self._files[index] = os.memfd_create("humo-layer", os.MFD_CLOEXEC)
                os.ftruncate(self._files[index], offset)
                weakref.finalize(self, os.close, self._files[index])
            packed = _main_memory(offset, self._cuda, self._files.get(index))
        for tensor, value in zip(tensors, values, strict=True):
            if not self._given:
                tensor.view(packed).copy_(value.detach())
            tensor.assign(tensor.view(packed))
        self._tensors[index], self._packed[index] = tensors, packed

    def _prefetch(self, position: int) -> None:
        """Start copying the streamed layer at `position` (in streaming order) into its slot."""
        slot, index = position % len(self._slots), self.streamed[position]
        packed = self._packed[index]
        if self._slots[slot] is None:
            self._slots[slot] = torch.empty(self._size, dtype=torch.uint8, device=self.device)
            if self._stream is not None:
                self._stream.wait_stream(torch.cuda.current_stream(self.device))
        target = self._slots[slot][: packed.numel()]
        self._holds[slot] = index
        if not self._cuda:
            target.copy_(packed)
            return
        if self._released[slot] is not None:
            self._stream.wait_event(self._released[slot])
        with torch.cuda.stream(self._stream):
            target.copy_(packed, non_blocking=True)
            self._copied[slot] = self._stream.record_event()

    def _give_back(self, slot: int) -> None:
        """Let the slot's memory go; what was computed with it has been queued before whatever comes to lie there next."""
        index = self._holds[slot]
        for tensor in self._tensors[index]:
            tensor.assign(tensor.view(self._packed[index]))
        self._slots[slot], self._holds[slot] = None, None

    def _arrive(self, position: int, index: int) -> Any:
        def hook(layer: nn.Module, arguments: Any) -> None:
            slot = position % len(self._slots)
            if self._holds[slot] != index:  # the layers were not run in order, or a run was given up half-way
                self._prefetch(position)
            if not self._keep and position == 0:  # a run begins with empty slots
                for later in range(1, len(self._slots)):
                    self._prefetch(later)
            if self._cuda:
                torch.cuda.current_stream(self.device).wait_event(self._copied[slot])
            for tensor in self._tensors[index]:
                tensor.assign(tensor.view(self._slots[slot]))

        return hook

    def _leave(self, position: int, index: int) -> Any:
        def hook(layer: nn.Module, arguments: Any, output: Any) -> None:
            slot = position % len(self._slots)
            if self._cuda:
                self._released[slot] = torch.cuda.current_stream(self.device).record_event()
            # The layer that uses this slot next; after the last layers that is one of the next run's first.
            following = position + len(self._slots)
            if following >= len(self.streamed):
                if not self._keep:
                    self._give_back(slot)
                    return
                following = slot
            if self.streamed[following] != index:
                self._prefetch(following)

        return hook


def spread(count: int, chosen: int) -> list[int]:
    """`chosen` of the numbers below `count`, evenly spread."""
    return sorted({(number * count) // chosen for number in range(chosen)}) if chosen else []


def bring(module: nn.Module, device: torch.device | str) -> None:
    """Move a module to `device`; one on the meta device gets memory there that is still to be filled."""
    if any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers())):
        module.to_empty(device=device)
    else:
        module.to(device)


def _main_memory(size: int, locked: bool, file: int | None) -> torch.Tensor:
    """`size` bytes of main memory, those of `file` if one is given, and `locked` for direct copies until they are gone.

    Not torch's own pinned memory: that rounds each buffer up to a power of two, a quarter more for HuMo's blocks.
    """
    mapping = mmap.mmap(-1 if file is None else file, size)
    tensor = torch.frombuffer(mapping, dtype=torch.uint8)
    if not locked:
        return tensor
    runtime = torch.cuda.cudart()
    status = int(runtime.cudaHostRegister(tensor.data_ptr(), size, 0))
    if status != 0:
        # Copies from ordinary memory are right too, only slower and not in the background.
        logging.getLogger(__name__).warning("main memory could not be locked (CUDA error %d); streaming is slower", status)
    else:
        # Before the pages are given back: CUDA would take whatever comes to lie there next for locked memory.
        weakref.finalize(mapping, runtime.cudaHostUnregister, tensor.data_ptr()).atexit = False
    return tensor
