"""A process that is held to its memory limit."""

from __future__ import annotations

from typing import Any

from humo_engine.memory.plan import CONTEXT_BYTES, DoesNotFit
from humo_engine.units import GIB, gibibytes


def limit_process(limit_gib: float, device: Any) -> None:
    """Make the allocator refuse to go beyond `limit_gib`, the CUDA context counted in. Before the first allocation.

    DoesNotFit if the card is smaller than the limit's context; a limit above the card's size means the card.
    """
    import torch

    total = torch.cuda.get_device_properties(device).total_memory
    usable = limit_gib * GIB - CONTEXT_BYTES
    if usable <= 0:
        raise DoesNotFit(f"a limit of {limit_gib} GiB leaves nothing beside the CUDA context ({gibibytes(CONTEXT_BYTES)})")
    index = torch.device(device).index
    torch.cuda.set_per_process_memory_fraction(min(1.0, usable / total), torch.cuda.current_device() if index is None else index)
