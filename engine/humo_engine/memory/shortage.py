"""Whether an error is about memory that ran out."""

from __future__ import annotations

# Not all memory that ran out has a class of its own: main memory in torch, and what CUDA's libraries and Triton ask for themselves.
MEMORY_WORDS = (
    "not enough memory", "can't allocate memory", "CUDA error: out of memory", "[CUDA]: out of memory", "STATUS_ALLOC_FAILED",
)  # fmt: skip


def memory_shortage(error: BaseException | None) -> str | None:
    """What an error says about memory that ran out, in a line; None where it is about something else.

    It may be the cause of another: torch reports what goes wrong while it compiles as a failure to compile.
    """
    import torch

    while error is not None:
        lines = str(error).splitlines() or [type(error).__name__]
        if isinstance(error, (torch.cuda.OutOfMemoryError, MemoryError)):
            return lines[0]
        for line in lines:
            if any(words in line for words in MEMORY_WORDS):
                return line
        error = getattr(error, "inner_exception", None) or error.__cause__
    return None
