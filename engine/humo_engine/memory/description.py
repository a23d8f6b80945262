"""A plan in words, for logs and for `memory plan`."""

from __future__ import annotations

from humo_engine.memory.demand import SLOTS
from humo_engine.memory.plan import CONTEXT_BYTES, Plan
from humo_engine.units import GIB, gibibytes


def describe(plan: Plan) -> list[str]:
    """The plan for a person, one line a part."""
    demand = plan.demand

    def line(name: str, size: int, place: str) -> str:
        return f"{name:<34}{size / GIB:>8.2f} GiB  {place}"

    def encoder(on_gpu: bool) -> str:
        return "GPU" if on_gpu else "main memory, passes through the GPU layer by layer when used"

    lines = []
    for model, weights in demand.transformers.items():
        name, resident, streamed = model.replace("_", "."), plan.resident[model], plan.streamed(model)
        lines += [
            line(f"{name}, all but blocks", weights.fixed, "GPU"),
            line(f"{name}, {resident} of {weights.blocks} blocks", resident * weights.block, "GPU"),
        ]
        if streamed:
            slots = min(SLOTS, streamed)
            lines += [
                line(f"{name}, {streamed} blocks", streamed * weights.block, "main memory, streamed in each pass"),
                line(f"{name}, slots for {slots} of them", slots * weights.block, "GPU"),
            ]
    lines += [
        line("text encoder", demand.text_encoder, encoder(plan.text_encoder_on_gpu)),
        line("Whisper encoder", demand.whisper, encoder(plan.whisper_on_gpu)),
        line("VAE", demand.vae, "GPU" + (", decodes the largest clip in tiles" if plan.tiles(demand.work) else "")),
        line("CUDA context, allowed for", CONTEXT_BYTES, "GPU"),
        f"largest clip planned for: {demand.extent}",
    ]
    lines += [line(f"peak, {stage}", size, "estimated") for stage, size in plan.peaks.items()]
    lines.append(line("limit", plan.limit, "") if plan.limit else "limit: none")
    loading = max(weights.fixed + weights.blocks * weights.block for weights in demand.transformers.values())
    if plan.main_memory:
        lines.append(line("main memory, kept", plan.main_memory, f"and up to {gibibytes(loading)} more while weights are read"))
    return [text.rstrip() for text in lines]
