"""Parts of a pipeline brought to where the plan wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from humo_engine.memory.demand import SLOTS

if TYPE_CHECKING:
    from humo_engine.memory.plan import Plan


def place_transformer(
    transformer: Any, resident: int, device: Any, *, share: bool = False, files: Mapping[int, int] | None = None
) -> Any:
    """Move a transformer to `device` with `resident` of its blocks; returns the StreamedLayers, or None when those are all.

    `share` and `files` are those of StreamedLayers.
    """
    from humo_engine.streaming import StreamedLayers, bring

    for name, child in transformer.named_children():
        if name != "blocks":
            bring(child, device)
    if resident == len(transformer.blocks):
        bring(transformer.blocks, device)
        return None
    streamed = StreamedLayers(transformer.blocks, device, resident, SLOTS, share=share, files=files)
    for index, block in enumerate(transformer.blocks):
        # Keys and values of text and audio are made once per clip, outside the block's own forward.
        for attention in (block.cross_attn, block.audio_cross_attn_wrapper.audio_cross_attn):
            attention.keys_values = streamed.with_weights(index, attention.keys_values)
    return streamed


def place_text_encoder(encoder: Any, plan: Plan, device: Any) -> Any:
    """Move a UMT5EncoderModel where `plan` wants it. Its embedding table, a fifth of it, is then read in main memory."""
    import torch

    from humo_engine.streaming import StreamedLayers

    if plan.text_encoder_on_gpu:
        encoder.to(device)
        return None
    encoder.encoder.final_layer_norm.to(device)
    table = encoder.encoder.embed_tokens
    table.register_forward_pre_hook(lambda module, arguments: (arguments[0].to(module.weight.device),))
    table.register_forward_hook(lambda module, arguments, output: output.to(device))

    def inputs_to_device(module: Any, arguments: Any, named: dict[str, Any]) -> Any:
        return arguments, {key: value.to(device) if isinstance(value, torch.Tensor) else value for key, value in named.items()}

    encoder.register_forward_pre_hook(inputs_to_device, with_kwargs=True)
    return StreamedLayers(encoder.encoder.block, device, 0, SLOTS, keep=False)


def place_whisper(encoder: Any, plan: Plan, device: Any) -> Any:
    """Move a WhisperEncoder where `plan` wants it."""
    from humo_engine.streaming import StreamedLayers

    if plan.whisper_on_gpu:
        encoder.to(device)
        return None
    for name, child in encoder.named_children():
        if name != "layers":
            child.to(device)
    return StreamedLayers(encoder.layers, device, 0, SLOTS, keep=False)
