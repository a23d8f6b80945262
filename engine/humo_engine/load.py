"""From a profile's name to pipelines that are ready to work."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from humo_engine.components import Components, official_components
from humo_engine.lora import Lora, LoraError, LoraSwitch, add_loras, parse_lora
from humo_engine.memory.description import describe
from humo_engine.memory.plan import Plan, plan_for
from humo_engine.pipeline import Pipeline
from humo_engine.settings import Settings, load_settings
from humo_engine.units import GIB
from humo_engine.vae import speed_up_on_cpu

if TYPE_CHECKING:
    from humo_engine.group import Group

DTYPES = {"bf16": torch.bfloat16, "fp8": torch.bfloat16, "fp32": torch.float32}


def choose_device(name: str | None = None) -> torch.device:
    """The device asked for, or the first GPU, or the CPU. ValueError names those there are."""
    known = ["cpu", *(["cuda"] if torch.cuda.is_available() else []), *(f"cuda:{n}" for n in range(torch.cuda.device_count()))]
    if name is not None and name not in known:
        raise ValueError(f"device {name!r} does not exist here; choose from {', '.join(known)}")
    return torch.device(name or ("cuda" if "cuda" in known else "cpu"))


def loras_of(options: argparse.Namespace) -> list[Lora]:
    """What `--lora` names."""
    return [parse_lora(text) for text in options.lora]


def gpus_of(options: argparse.Namespace, device: torch.device) -> int:
    """How many GPUs make a clip: `--gpus`, or HUMO_GPUS, or 1. ValueError if there are fewer, or `device` is not the first."""
    from humo_engine.group import GPUS_VARIABLE, gpus_wanted

    count = gpus_wanted(options.gpus or os.environ.get(GPUS_VARIABLE), device)
    if count > 1 and device.index:
        raise ValueError(f"--device {device} is one GPU, and {count} are asked for: choose them with CUDA_VISIBLE_DEVICES")
    return count


def effective_settings(
    config: str | None, profile: str, precision: str | None = None, limit_gib: float | None = None
) -> Settings:
    """`generate.yaml` with a profile and what the command line overrides."""
    settings = load_settings(config, profile)
    return dataclasses.replace(
        settings,
        precision=precision or settings.precision,
        memory_limit_gib=limit_gib if limit_gib is not None else settings.memory_limit_gib,
    )


def load_pipelines(
    settings: Settings,
    models: Sequence[str],
    weights: Path,
    device: torch.device,
    loras: Sequence[Lora] = (),
    gpus: int = 1,
    switching: bool = False,
) -> dict[str, Pipeline]:
    """Load the models named, once for any number of clips. The models share their text encoder, Whisper and VAE.

    `loras` are added for good. With `switching`, requests may name those of any preset. With `gpus` above 1 each clip is made by so many
    GPUs, `device` being the first; files are read once. Raises WeightsMissing, CheckpointError, SettingsError, UnfitRanks, or DoesNotFit
    where the memory limit is too small.
    """
    if loras and len(models) > 1:
        raise LoraError("a LoRA fits one model: load one with --model, or start an engine for each")
    group = _group(settings, models, device, gpus) if gpus > 1 else None
    try:
        return _load(settings, models, weights, device, loras, group, switching)
    except BaseException:
        if group is not None:
            group.close()
        raise


def _group(settings: Settings, models: Sequence[str], device: torch.device, gpus: int) -> Group:
    """The other ranks, for models that all can be shared among so many."""
    from humo_engine.group import Group, most_passes
    from humo_engine.mesh import require_ranks
    from humo_engine.mini import mini_size
    from humo_engine.model import SIZES
    from humo_engine.tiny import tiny_size

    size_of = {"official": SIZES.__getitem__, "mini": mini_size, "random": tiny_size}[settings.weights]
    for model in models:
        size = size_of(model)
        require_ranks(gpus, size.heads, most_passes(model), model)
    return Group(gpus, device, settings.memory_limit_gib)


def _load(
    settings: Settings,
    models: Sequence[str],
    weights: Path,
    device: torch.device,
    loras: Sequence[Lora],
    group: Group | None,
    switching: bool,
) -> dict[str, Pipeline]:
    pipelines: dict[str, Pipeline] = {}
    shared: Components | None = None
    plan = _plan(settings, models, device) if device.type == "cuda" and settings.weights == "official" else None
    for model in models:
        start = time.perf_counter()
        if settings.weights in ("random", "mini"):
            components = _small_components(settings.weights, model, shared)
            add_loras(components.transformer, loras, weights, device)
            components.transformer.to(DTYPES[settings.precision])
            switch = _switch(components, settings, weights, device) if switching else None
            speed_up_on_cpu(components.vae)
            for part in (components.transformer, components.text_encoder, components.whisper, components.vae):
                part.to(device)
            if switch is not None:
                switch.keep()
            if group is not None:
                group.share(model, components.transformer, lambda transformer: None)
                group.adopt(model, components.transformer)
            shared = components if settings.weights == "mini" else None
        else:
            components = official_components(weights, model, DTYPES[settings.precision], shared)
            add_loras(components.transformer, loras, weights, device)
            switch = _switch(components, settings, weights, device) if switching else None
            if plan is None:
                speed_up_on_cpu(components.vae)
                if switch is not None:
                    switch.keep()
                if group is not None:
                    group.share(model, components.transformer, lambda transformer: None)
                    group.adopt(model, components.transformer)
            else:
                _place(components, plan, shared is None, settings.precision, device, group, switch)
            shared = shared or components
        pipelines[model] = Pipeline(components, settings, device, weights, plan=plan, group=group, loras=switch)
        print(f"loaded {model} in {time.perf_counter() - start:.1f} s", file=sys.stderr)
    return pipelines


def _small_components(weights: str, model: str, shared: Components | None) -> Components:
    """The toy forms: `mini`, trained and read from files of its own, or `random`, which is drawn."""
    if weights == "mini":
        from humo_engine.mini import mini_components

        return mini_components(model, shared=shared)
    from humo_engine.tiny import tiny_components

    return tiny_components(model)


def _switch(components: Components, settings: Settings, weights: Path, device: torch.device) -> LoraSwitch | None:
    """What switches a model between the LoRAs of its presets; None where none has any."""
    sets = settings.lora_sets(components.family)
    if not sets:
        return None
    switch = LoraSwitch(components.transformer, sets, weights, device)
    if switch.kept_bytes:
        print(f"weights with and without LoRAs: {switch.kept_bytes / GIB:.1f} GiB of main memory", file=sys.stderr)
    return switch


def bytes_allowed(settings: Settings, device: torch.device) -> int | None:
    """What the limit and the card leave to this process, CUDA's context included; None without a limit and a card."""
    limit = None if settings.memory_limit_gib is None else int(settings.memory_limit_gib * GIB)
    if device.type != "cuda":
        return limit
    total = torch.cuda.get_device_properties(device).total_memory
    return total if limit is None else min(total, limit)


def _plan(settings: Settings, models: Sequence[str], device: torch.device) -> Plan:
    """Where the parts of `models` go on this GPU; from here on the process is held to its limit, too."""
    from humo_engine.memory.limit import limit_process

    plan = plan_for(settings, models, bytes_allowed(settings, device))
    for line in describe(plan):
        print(line, file=sys.stderr)
    if settings.memory_limit_gib is not None:
        limit_process(settings.memory_limit_gib, device)
    return plan


def _place(
    components: Components,
    plan: Plan,
    first: bool,
    precision: str,
    device: torch.device,
    group: Group | None,
    switch: LoraSwitch | None = None,
) -> None:
    """Bring a model to the GPU as planned, with the shared parts if it is the `first`, and switch on the fast paths."""
    from humo_engine.fast import compile_blocks, keep_compiled_code
    from humo_engine.fp8 import supports_float8, use_float8
    from humo_engine.memory.placing import place_text_encoder, place_transformer, place_whisper
    from humo_engine.vae_fast import speed_up_decoder

    keep_compiled_code()
    if precision == "fp8":
        if not supports_float8(device):
            raise ValueError(
                "precision fp8 needs a GPU of compute capability 8.9 or later, and a torch that multiplies e4m3 by rows on it "
                f"(torch {torch.__version__} was tried); use bf16"
            )
        use_float8(components.transformer.blocks, device)
    resident = plan.resident[components.family]
    if group is None:
        streamed = place_transformer(components.transformer, resident, device)
    else:
        streamed = group.share(
            components.family, components.transformer, lambda parts: place_transformer(parts, resident, device, share=True)
        )
    if switch is not None:
        switch.keep(streamed, device)
    compile_blocks(components.transformer.blocks, device)
    if group is not None:
        group.adopt(components.family, components.transformer)
    if first:
        place_text_encoder(components.text_encoder, plan, device)
        place_whisper(components.whisper, plan, device)
        components.vae.to(device)
        speed_up_decoder(components.vae)
