"""The fast path of the transformer: compiled blocks, the quickest exact attention, compiled code kept across starts."""

from __future__ import annotations

import contextlib
import inspect
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

CACHE_VARIABLE = "HUMO_CACHE"
# One compilation for each number of tokens and of frames, of each model. Dynamo permits 8, and beyond them gives up: all sizes then
# take the slow path, which rounds otherwise, for as long as the process lives. More than all sizes, lengths and references together.
COMPILATIONS = 100_000
# The same two limits, renamed in torch 2.6: for one module, and for all that share their code.
LIMITS = ("cache_size_limit", "accumulated_cache_size_limit", "recompile_limit", "accumulated_recompile_limit")
# The compiler's switch for it; torch 2.5 has none, and times nothing.
SUMS_BY_RULE = "deterministic"
# torch's own variable for it, where somebody has set it: then what it says holds.
DETERMINISTIC_VARIABLE = "TORCHINDUCTOR_DETERMINISTIC"


def cache_folder() -> Path:
    """Where compiled code and zero-video latents are kept: HUMO_CACHE, else `humo-engine` in the user's cache folder."""
    if os.environ.get(CACHE_VARIABLE):
        return Path(os.environ[CACHE_VARIABLE])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "humo-engine"


def keep_compiled_code() -> None:
    """Make compilations survive the process; call it before the first one. A folder already set by its variable wins.

    Where the cache folder cannot be written, torch's own temporary one stays in use.
    """
    folder = cache_folder() / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(f"{folder} is read-only")
    except OSError as error:
        logging.getLogger(__name__).warning("compiled code is not kept: %s", error)
        return
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder / "inductor"))
    os.environ.setdefault("TRITON_CACHE_DIR", str(folder / "triton"))
    import torch._inductor.config as inductor

    inductor.fx_graph_cache = True
    with contextlib.suppress(ImportError, AttributeError):  # torch 2.5 has no such switch
        import torch._functorch.config as functorch

        functorch.enable_autograd_cache = True


def compiled(work: Callable[..., Any]) -> Callable[..., Any]:
    """`work` compiled, with one order of sums that goes by rule.

    Newer compilers time two orders for wide rows and keep the quicker. The two round otherwise and are about as fast. So a pass in
    parts, another process or another start would have other last digits, which forty layers carry to half a percent of the result in
    bf16 and to five in fp8. Their switch is given with each compilation: torch takes back what was set for the process after the first.
    """
    import torch._inductor.config as inductor

    by_rule = DETERMINISTIC_VARIABLE not in os.environ and hasattr(inductor, SUMS_BY_RULE)
    return torch.compile(work, dynamic=False, **({"options": {SUMS_BY_RULE: True}} if by_rule else {}))


def compile_blocks(blocks: nn.ModuleList, device: torch.device) -> None:
    """Compile the blocks in place for `device`. Their code is compiled once and serves all, since they differ only in weights."""
    import torch._dynamo.config as dynamo

    for name in LIMITS:
        if hasattr(dynamo, name):
            setattr(dynamo, name, COMPILATIONS)
    if device.type == "cuda" and blocks[0].cross_attn.k.weight.dtype == torch.bfloat16:
        from humo_engine.kernels import use_fused_kernels

        use_fused_kernels(blocks, device)
    for block in blocks:
        # Not block.compile(): that takes the block's hooks into the compiled code, and streaming lives in hooks.
        block.forward = compiled(type(block).forward.__get__(block))


@contextlib.contextmanager
def fastest_attention(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Within this, the transformer's `scaled_dot_product_attention` uses the kernel known to be the quickest for `dtype`.

    A rule, not a race at start-up: two close kernels would win by turns and frames would differ from run to run. On
    Hopper and later cuDNN's is 1.6 times as fast as FlashAttention-2 (H200, 40,560 tokens); elsewhere torch chooses, and for
    fp32, which cuDNN's does not take. Nothing but the transformer may run in here: with torch 2.5 no other kernel is allowed.
    """
    with _attention_context(device, dtype):
        yield


def attention_kernel(device: torch.device) -> str:
    """The name of the kernel that `fastest_attention` prefers."""
    from humo_engine.flash import flash_attention_works

    if flash_attention_works(device):
        return "FlashAttention (flash-attn-4)"
    return "cuDNN" if _prefers_cudnn(device) else "torch's choice"


def _prefers_cudnn(device: torch.device) -> bool:
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (9, 0) and _cudnn_attention_works(device)


def _attention_context(device: torch.device, dtype: torch.dtype) -> Any:
    if dtype != torch.bfloat16 or not _prefers_cudnn(device):
        return contextlib.nullcontext()
    if "set_priority" in inspect.signature(sdpa_kernel).parameters:
        order = [SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
        return sdpa_kernel(order, set_priority=True)
    # torch 2.5 tries cuDNN last, so it has to be the only one allowed.
    return sdpa_kernel([SDPBackend.CUDNN_ATTENTION])


_WORKING: dict[torch.device, bool] = {}


def _cudnn_attention_works(device: torch.device) -> bool:
    """Try the three forms that a block uses: self-attention, 512 text keys, 16 audio keys for each frame."""
    if device not in _WORKING:
        try:
            with torch.no_grad(), sdpa_kernel([SDPBackend.CUDNN_ATTENTION]):
                for batch, queries, keys in ((1, 256, 256), (1, 256, 512), (3, 96, 16)):
                    q = torch.randn(batch, queries, 2, 128, device=device, dtype=torch.bfloat16).transpose(1, 2)
                    kv = torch.randn(batch, keys, 2, 128, device=device, dtype=torch.bfloat16).transpose(1, 2)
                    nn.functional.scaled_dot_product_attention(q, kv, kv)
            _WORKING[device] = True
        except RuntimeError:
            _WORKING[device] = False
    return _WORKING[device]
