"""Speed, error and memory of the engine, on random weights of the real sizes; one JSON line per case.

Each line stands beside what the same device does at most, measured in the same run. Without a GPU everything runs at toy
size: that shows that the benchmark works, not how fast HuMo is.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from humo_engine import memory
from humo_engine.checkpoint import lower_precision
from humo_engine.components import Components, umt5_xxl_config
from humo_engine.conditions import ClipConditions, prepare_conditions
from humo_engine.fast import attention_kernel, compile_blocks, fastest_attention, keep_compiled_code
from humo_engine.fp8 import supports_float8, use_float8
from humo_engine.guidance import TI, TIA, I
from humo_engine.measure import (
    attention_ceiling,
    matrix_ceiling,
    pass_arithmetic,
    relative_error,
    seconds_of,
    token_count,
)
from humo_engine.model import SIZES, HuMoTransformer, ModelSize

FRAMES = 97
SIZES_BY_LINES = {480: (832, 480), 720: (1280, 720)}
TINY_SIZE = (128, 96)
CASES = ("pass", "exactness", "vae", "request", "cold", "limit", "gpus", "clip", "long")
LIMITS_GIB = (24, 48)
EXACT_LAYERS = 2
STARTED_VARIABLE = "HUMO_BENCH_STARTED"  # when the measured process was asked for, in seconds since 1970


@dataclass(frozen=True)
class Bench:
    """What is measured: where, which model, at which size. `emit` takes the fields of one line."""

    device: torch.device
    family: str
    width: int
    height: int
    frames: int
    size: ModelSize
    emit: Callable[..., None]

    @property
    def tokens(self) -> int:
        return token_count(self.frames, self.width, self.height)

    @property
    def dtype(self) -> torch.dtype:
        return torch.bfloat16 if self.device.type == "cuda" else torch.float32

    @property
    def latent_shape(self) -> tuple[int, int, int, int]:
        """(16, frames, height, width) of the latents, one reference frame included."""
        return 16, (self.frames - 1) // 4 + 2, self.height // 8, self.width // 8


def run_bench(
    models: Iterable[str],
    lines: Iterable[int],
    precisions: Iterable[str],
    cases: Iterable[str],
    limits: Iterable[int] = LIMITS_GIB,
    write: Callable[[str], None] = print,
    budget: float | None = None,
) -> bool:
    """Measure and write one JSON line per case; False if any case failed (its line says why).

    `budget`, in seconds, is that of the cases gpus and clip, each: after it, rows that are left are skipped.
    """
    lines, precisions = tuple(lines), tuple(precisions)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    keep_compiled_code()
    good = True
    about = {"device": torch.cuda.get_device_name() if device.type == "cuda" else "CPU", "torch": torch.__version__}

    def emit(**fields: Any) -> None:
        write(json.dumps({**fields, **about}, ensure_ascii=False, default=str))

    for family in models:
        for case in cases:
            for line_count in lines:
                width, height = SIZES_BY_LINES[line_count] if device.type == "cuda" else TINY_SIZE
                frames = FRAMES if device.type == "cuda" else 5
                size = SIZES[family] if device.type == "cuda" else _toy(family)
                bench = Bench(device, family, width, height, frames, size, emit)
                try:
                    if case == "pass":
                        measure_passes(bench, list(precisions))
                    elif case == "exactness":
                        measure_exactness(bench)
                    elif case == "vae":
                        measure_vae(bench)
                    elif case == "request":
                        measure_request(bench)
                    elif case == "cold":
                        measure_cold_start(bench)
                    elif case == "limit":
                        for precision, limit in itertools.product(precisions, limits if device.type == "cuda" else ()):
                            _in_own_process(bench, limit, line_count, precision, write)
                    elif case == "gpus":
                        _measure_gpus(bench, lines, precisions, budget)
                    elif case == "clip":
                        _measure_clips(bench, lines, precisions, budget)
                    elif case == "long":
                        _measure_long_takes(bench, precisions)
                except Exception as error:  # one case that fails must not cost the others
                    good = False
                    emit(case=case, model=family, size=f"{width}×{height}", error=f"{type(error).__name__}: {error}"[:800])
                _forget(device)
                if case in ("cold", "gpus", "clip"):
                    break  # the same for every size, or all sizes at once
    return good


# ── one forward pass ─────────────────────────────────────────────────────────────────────────────────────────────────


def measure_passes(bench: Bench, precisions: list[str]) -> None:
    """Seconds of one TIA pass in each precision, beside the ceilings; fp8 with its error against bf16, all layers."""
    ceilings = measure_ceilings(bench)
    model = random_transformer(bench.size, bench.dtype, bench.device)
    conditions, latents = random_conditions(bench, model)
    reference: torch.Tensor | None = None
    for precision in precisions:
        if precision == "fp8":
            if not supports_float8(bench.device):
                bench.emit(case="pass", model=bench.family, precision="fp8", skipped="this device does not multiply e4m3")
                continue
            use_float8(model.blocks)
        _make_fast(bench, model)
        start = time.perf_counter()
        out = forward(bench, model, latents, conditions)
        _wait(bench.device)
        first = time.perf_counter() - start
        _reset_peak(bench.device)
        again = torch.empty(0)

        def once() -> None:
            nonlocal again
            again = forward(bench, model, latents, conditions)

        seconds = seconds_of(once, bench.device, warm_up=0)
        error = relative_error(out, reference) if precision == "fp8" and reference is not None else None
        bench.emit(
            case="pass",
            model=bench.family,
            size=f"{bench.width}×{bench.height}",
            precision=_precision(bench, precision),
            tokens=bench.tokens,
            seconds_per_pass=round(seconds, 4),
            **_shares(bench, seconds, ceilings),
            peak_gib=_peak(bench.device),
            identical_again=bool(torch.equal(out, again)),
            first_pass_seconds=round(first, 2),
            error_to_bf16=error,
            attention=attention_kernel(bench.device),
        )
        reference = out if reference is None else reference


def measure_ceilings(bench: Bench) -> dict[str, float]:
    """FLOP per second of the device in a large product and in attention at this model's size."""
    on_gpu = bench.device.type == "cuda"
    return {
        "matrix": matrix_ceiling(bench.device, bench.dtype, 8192 if on_gpu else 512),
        "attention": attention_ceiling(bench.device, bench.dtype, bench.tokens, bench.size.heads),
    }


def _shares(bench: Bench, seconds: float, ceilings: dict[str, float]) -> dict[str, Any]:
    size = bench.size
    linear, attention = pass_arithmetic(bench.tokens, size.dim, size.ffn_dim, size.layers, size.text_length, size.audio_tokens)
    floor = linear / ceilings["matrix"] + attention / ceilings["attention"]
    return {
        "tflops": round((linear + attention) / seconds / 1e12, 3),
        "matrix_ceiling_tflops": round(ceilings["matrix"] / 1e12, 3),
        "attention_ceiling_tflops": round(ceilings["attention"] / 1e12, 3),
        "share_of_ceiling": round(floor / seconds, 3),
    }


def forward(bench: Bench, model: HuMoTransformer, latents: torch.Tensor, conditions: ClipConditions) -> torch.Tensor:
    """One TIA pass at timestep 900."""
    timestep = torch.full((1,), 900, device=bench.device)
    with torch.no_grad(), fastest_attention(bench.device, model.compute_dtype):
        return model(latents, timestep, conditions[TIA])


def _make_fast(bench: Bench, model: HuMoTransformer) -> None:
    if bench.device.type == "cuda":  # as the engine does: on a CPU compiling takes longer than it saves
        compile_blocks(model.blocks, bench.device)


# ── exactness ────────────────────────────────────────────────────────────────────────────────────────────────────────


def measure_exactness(bench: Bench) -> None:
    """The fast path against the plain one in fp32, at full width and full length with few layers."""
    size = replace(bench.size, layers=min(EXACT_LAYERS, bench.size.layers))
    model = random_transformer(size, torch.float32, bench.device)
    conditions, latents = random_conditions(bench, model)
    timestep = torch.full((1,), 900, device=bench.device)
    with torch.no_grad():
        plain = model(latents, timestep, conditions[TIA]).cpu()
    del conditions
    lower_precision(model, torch.bfloat16)
    conditions, latents = random_conditions(bench, model)
    _make_fast(bench, model)
    fast = forward(bench, model, latents, conditions).cpu()
    bench.emit(
        case="exactness",
        model=bench.family,
        size=f"{bench.width}×{bench.height}",
        layers=size.layers,
        error_of_fast_bf16_to_plain_fp32=relative_error(fast, plain),
        limit=1e-2,
    )


# ── VAE ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def measure_vae(bench: Bench) -> None:
    """Decoding a clip: plain fp32, and the fast way with its error."""
    from humo_engine.vae import build_vae, decode_pieces
    from humo_engine.vae_fast import speed_up_decoder

    channels, frames, height, width = bench.latent_shape
    latents = torch.randn(channels, frames - 1, height, width, device=bench.device)
    torch.manual_seed(0)
    vae = build_vae(96 if bench.device.type == "cuda" else 8).to(bench.device)

    def decode() -> torch.Tensor:
        with torch.no_grad():
            return torch.cat(list(decode_pieces(vae, latents)), dim=1)

    plain = decode()
    _reset_peak(bench.device)
    seconds = seconds_of(decode, bench.device, repeats=1, warm_up=0)
    plain_peak = _peak(bench.device)
    speed_up_decoder(vae)
    start = time.perf_counter()
    fast = decode()
    _wait(bench.device)
    first = time.perf_counter() - start
    again = decode()
    _reset_peak(bench.device)
    bench.emit(
        case="vae_decode",
        size=f"{bench.width}×{bench.height}",
        frames=bench.frames,
        fp32_seconds=round(seconds, 3),
        fast_seconds=round(seconds_of(decode, bench.device, warm_up=0), 3),
        error=relative_error(fast, plain),
        identical_again=bool(torch.equal(fast, again)),
        first_seconds=round(first, 2),
        fp32_peak_gib=plain_peak,
        fast_peak_gib=_peak(bench.device),
    )


# ── a request ────────────────────────────────────────────────────────────────────────────────────────────────────────


def measure_request(bench: Bench, plan: memory.Plan | None = None, precision: str = "bf16") -> None:
    """From a request's arrival to its first denoising pass, the second time round; with a plan, every stage within it."""
    parts = random_components(bench, plan, precision)
    passes = (TIA, TI, I)
    _forget(bench.device)  # what drawing the weights left in the allocator is not part of a request
    _reset_peak(bench.device)
    times: list[float] = []
    for _ in range(2):
        _wait(bench.device)
        start = time.perf_counter()
        conditions, latents = encode_request(bench, parts, passes)
        _wait(bench.device)
        times.append(time.perf_counter() - start)
    _make_fast(bench, parts.transformer)
    forward(bench, parts.transformer, latents, conditions)
    seconds = seconds_of(lambda: forward(bench, parts.transformer, latents, conditions), bench.device)
    denoise_peak = _peak(bench.device)
    _reset_peak(bench.device)
    fields: dict[str, Any] = {}
    if plan is not None:
        from humo_engine.vae import decode_pieces
        from humo_engine.vae_fast import speed_up_decoder

        speed_up_decoder(parts.vae)
        parts.vae.use_tiling = plan.tiles(plan.demand.work)

        def decode() -> None:
            for piece in decode_pieces(parts.vae, latents[:, :-1]):
                piece.cpu()

        fields = {
            "decode_seconds": round(seconds_of(decode, bench.device, repeats=1), 3),
            "decode_peak_gib": _peak(bench.device),
            "limit_gib": (plan.limit or 0) / memory.GIB,
            "resident_blocks": plan.resident[bench.family],
            "planned_peaks_gib": {stage: round(size / memory.GIB, 2) for stage, size in plan.peaks.items()},
        }
    bench.emit(
        case="request" if plan is None else "limit",
        model=bench.family,
        size=f"{bench.width}×{bench.height}",
        precision=_precision(bench, precision),
        seconds_to_first_pass=round(times[1], 3),
        first_request_seconds=round(times[0], 3),
        seconds_per_pass=round(seconds, 4),
        peak_gib=denoise_peak,
        **fields,
    )


def encode_request(
    bench: Bench, parts: Components, passes: Iterable[Any], prepare: Callable[..., Any] | None = None
) -> tuple[Any, torch.Tensor]:
    """All that comes before denoising: prompt, negative prompt, sound and image to prepared conditions, and noise.

    `prepare` makes the conditions from the passes and their inputs; unless given, it is `prepare_conditions`.
    """
    from PIL import Image

    from humo_engine.audio import audio_features, audio_windows, whisper_states
    from humo_engine.images import letterbox
    from humo_engine.text import encode_text
    from humo_engine.vae import encode

    device, shape = bench.device, bench.latent_shape
    prompt = "A woman with short grey hair speaks to the camera in a bright kitchen, smiling now and then. " * 2
    text, negative = (
        encode_text(words, parts.text_encoder, parts.tokenizer, bench.size.text_length) for words in (prompt, "blurred")
    )
    samples = torch.randn(bench.frames * 640, generator=torch.Generator().manual_seed(0)) * 0.1
    windows = audio_windows(audio_features(whisper_states(samples, parts.whisper, parts.extractor)), bench.frames).to(device)
    windows = torch.cat([windows, torch.zeros_like(windows[:1])])
    reference = encode(parts.vae, letterbox(Image.new("RGB", (600, 800), (90, 120, 60)), bench.width, bench.height).to(device))
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device)
    conditions = (prepare or partial(prepare_conditions, parts.transformer))(
        passes,
        text=text.to(device),
        negative_text=negative.to(device),
        audio=windows,
        references=reference,
        zero_video=torch.zeros(shape, device=device),
    )
    return conditions, latents


def _in_own_process(bench: Bench, limit: int, lines: int, precision: str, write: Callable[[str], None]) -> None:
    # The limit counts from the process's first allocation, and locked memory is given back at its end.
    command = [sys.executable, "-m", "humo_engine.bench", bench.family, str(lines), str(limit), precision]
    done = subprocess.run(command, capture_output=True, text=True, timeout=420)
    if done.returncode != 0:
        raise RuntimeError(f"within {limit} GiB: {done.stderr[-600:]}")
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            write(line)


def _limited(family: str, lines: int, limit: int, precision: str) -> None:
    device = torch.device("cuda")
    width, height = SIZES_BY_LINES[lines]
    memory.limit_process(limit, device)
    plan = memory.make_plan(memory.demand_for([family], memory.Extent(width, height, FRAMES), precision), limit * memory.GIB)
    keep_compiled_code()

    def emit(**fields: Any) -> None:
        print(json.dumps({**fields, "device": torch.cuda.get_device_name(), "torch": torch.__version__}, ensure_ascii=False))

    measure_request(Bench(device, family, width, height, FRAMES, SIZES[family], emit), plan)


def _measure_clips(bench: Bench, lines: Iterable[int], precisions: Iterable[str], budget: float | None) -> None:
    from humo_engine.bench_clip import measure_clips

    measure_clips(_of_all_sizes(bench, lines), tuple(precisions), budget)


def _measure_long_takes(bench: Bench, precisions: Iterable[str]) -> None:
    from humo_engine.bench_clip import measure_long_takes

    measure_long_takes(bench, tuple(precisions))


def _of_all_sizes(bench: Bench, lines: Iterable[int]) -> list[Bench]:
    sizes = [SIZES_BY_LINES[count] if bench.device.type == "cuda" else TINY_SIZE for count in lines]
    return [replace(bench, width=width, height=height) for width, height in dict.fromkeys(sizes)]


def _measure_gpus(bench: Bench, lines: Iterable[int], precisions: Iterable[str], budget: float | None) -> None:
    from humo_engine.bench_gpus import measure_gpus

    if bench.device.type == "cuda" and torch.cuda.device_count() < 2:
        bench.emit(case="gpus", model=bench.family, skipped="there is one GPU")
        return
    measure_gpus(_of_all_sizes(bench, lines), tuple(precisions), budget)


# ── cold start ───────────────────────────────────────────────────────────────────────────────────────────────────────


def measure_cold_start(bench: Bench) -> None:
    """Import, load and compile of a fresh process, and the compilation again when it is in the cache."""
    with tempfile.TemporaryDirectory() as folder:
        from safetensors.torch import save_file

        model = random_transformer(bench.size if bench.family == "1_7b" else _toy(bench.family), torch.bfloat16, bench.device)
        file = f"{folder}/weights.safetensors"
        save_file({key: value.cpu().contiguous() for key, value in model.state_dict().items()}, file)
        del model
        _forget(bench.device)
        environment = {**os.environ, "HUMO_CACHE": folder, "TORCHINDUCTOR_CACHE_DIR": "", "TRITON_CACHE_DIR": ""}
        for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
            environment.pop(name)
        for cache in ("empty", "filled"):
            command = [sys.executable, "-m", "humo_engine.bench", "cold", bench.family, str(bench.height), file]
            start = time.perf_counter()
            environment[STARTED_VARIABLE] = str(time.time())
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
            if done.returncode != 0:
                raise RuntimeError(done.stderr[-600:])
            parts = json.loads(done.stdout.splitlines()[-1])
            bench.emit(
                case="cold_start",
                model=bench.family,
                compile_cache=cache,
                **parts,
                process_seconds=round(time.perf_counter() - start, 2),
            )


def _cold(family: str, height: int, file: str) -> None:
    from humo_engine.checkpoint import load_transformer

    import_seconds = time.time() - float(os.environ[STARTED_VARIABLE])
    imported = time.perf_counter()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    full = device.type == "cuda" and family == "1_7b"
    size = SIZES[family] if full else _toy(family)
    width = {480: 832, 720: 1280}.get(height, TINY_SIZE[0])
    bench = Bench(device, family, width, height, FRAMES if device.type == "cuda" else 5, size, lambda **_: None)
    model = load_transformer(size, [Path(file)], bench.dtype, family).to(device)
    _wait(device)
    loaded = time.perf_counter()
    keep_compiled_code()
    conditions, latents = random_conditions(bench, model)
    _make_fast(bench, model)
    forward(bench, model, latents, conditions)
    _wait(device)
    compiled = time.perf_counter()
    print(
        json.dumps(
            {
                "import_seconds": round(import_seconds, 2),
                "load_seconds": round(loaded - imported, 2),
                "loaded_gib": round(Path(file).stat().st_size / memory.GIB, 2),
                "first_pass_seconds": round(compiled - loaded, 2),
            }
        )
    )


# ── random parts of the real sizes ───────────────────────────────────────────────────────────────────────────────────


def random_transformer(
    size: ModelSize, dtype: torch.dtype, device: torch.device, resident: int | None = None, fp8: bool = False
) -> HuMoTransformer:
    """A transformer whose weights are random but keep signals at their size; never more than `resident` blocks on the GPU."""
    with torch.device("meta"):
        model = HuMoTransformer(size).eval().requires_grad_(False)
    generator = torch.Generator(device).manual_seed(0)
    streamed = set()
    if resident is not None:
        from humo_engine.streaming import _spread

        streamed = set(_spread(size.layers, size.layers - resident))
    for name, child in model.named_children():
        if name != "blocks":
            _fill(child, name, dtype, device, generator)
    for index, block in enumerate(model.blocks):
        _fill(block, f"blocks.{index}", dtype, device, generator)
        if fp8:
            use_float8([block])
        if index in streamed:
            block.to("cpu")
    return model


def _fill(module: nn.Module, prefix: str, dtype: torch.dtype, device: torch.device, generator: torch.Generator) -> None:
    from humo_engine.checkpoint import runs_in_fp32

    module.to_empty(device=device)
    for name, parameter in module.named_parameters():
        key = f"{prefix}.{name}"
        values = torch.empty(parameter.shape, device=device).normal_(generator=generator)
        if name.endswith("modulation"):
            values *= 0.1
        elif values.dim() > 1:
            values /= math.sqrt(math.prod(values.shape[1:]))
        else:
            values = 1 + 0.1 * values if name.endswith("weight") else 0.02 * values
        parameter.data = values if runs_in_fp32(key) else values.to(dtype)


def random_conditions(bench: Bench, model: HuMoTransformer) -> tuple[ClipConditions, torch.Tensor]:
    """Conditions of one TIA pass and latents, from random inputs that are the same each time."""
    generator = torch.Generator(bench.device).manual_seed(1)
    shape = bench.latent_shape

    def draw(*of: int) -> torch.Tensor:
        return torch.randn(of, device=bench.device, generator=generator)

    conditions = prepare_conditions(
        model,
        (TIA,),
        text=draw(bench.size.text_length // 4, bench.size.text_dim),
        negative_text=draw(4, bench.size.text_dim),
        audio=draw(shape[1], *bench.size.audio_window),
        references=draw(shape[0], 1, *shape[2:]),
        zero_video=draw(*shape),
    )
    return conditions, draw(*shape)


def random_components(
    bench: Bench, plan: memory.Plan | None, precision: str = "bf16", transformer: HuMoTransformer | None = None
) -> Components:
    """Every part of the pipeline with random weights, at its place. The real sizes on a GPU, toy ones elsewhere.

    A `transformer` that is given is taken, instead of one that is drawn.
    """
    from humo_engine.tiny import tiny_components

    tiny = tiny_components(bench.family)
    if bench.device.type != "cuda":
        return replace(tiny, transformer=transformer or random_transformer(bench.size, bench.dtype, bench.device))
    from transformers import UMT5EncoderModel

    text = _random_encoder(
        lambda: UMT5EncoderModel(umt5_xxl_config()),
        torch.bfloat16,
        lambda model: model.encoder.block,
        bench.device,
        plan is None or plan.text_encoder_on_gpu,
    )
    whisper = _random_encoder(
        memory.official_whisper_encoder,
        torch.float32,
        lambda model: model.layers,
        bench.device,
        plan is None or plan.whisper_on_gpu,
    )
    resident = None if plan is None else plan.resident[bench.family]
    transformer = transformer or random_transformer(bench.size, bench.dtype, bench.device, resident, precision == "fp8")
    if plan is not None:
        memory.place_transformer(transformer, plan.resident[bench.family], bench.device)
        memory.place_text_encoder(text, plan, bench.device)
        memory.place_whisper(whisper, plan, bench.device)
    vae = memory.official_vae().to(bench.device)
    return replace(tiny, transformer=transformer, text_encoder=text, whisper=whisper, vae=vae)


def _random_encoder(
    build: Callable[[], nn.Module], dtype: torch.dtype, layers: Callable[[nn.Module], Any], device: torch.device, stays: bool
) -> nn.Module:
    """An encoder of transformers' with fresh random weights, drawn on the GPU a layer at a time and left there if it `stays`."""
    with torch.device("meta"):
        encoder = build().eval().requires_grad_(False)
    inner = list(layers(encoder))
    within = {id(parameter) for layer in inner for parameter in layer.parameters()}

    def draw(parameter: torch.Tensor) -> torch.Tensor:
        values = torch.ones(parameter.shape, dtype=dtype, device=device)
        if parameter.dim() > 1:
            values.normal_().mul_(1 / math.sqrt(math.prod(parameter.shape[1:])))
        return values if stays else values.cpu()

    drawn: dict[int, torch.Tensor] = {}
    for module in encoder.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                if id(parameter) not in drawn:
                    drawn[id(parameter)] = draw(parameter)
                module._parameters[name] = nn.Parameter(drawn[id(parameter)], requires_grad=False)
    assert within
    return encoder


def _toy(family: str) -> ModelSize:
    from humo_engine.tiny import tiny_size

    return tiny_size(family)


def _precision(bench: Bench, asked: str) -> str:
    return asked if bench.device.type == "cuda" else "fp32"


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _forget(device: torch.device) -> None:
    import gc

    gc.collect()
    torch._dynamo.reset()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def _reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _peak(device: torch.device) -> float | None:
    """GiB held by the allocator at its peak since the last reset, what fragments it included."""
    return round(torch.cuda.max_memory_reserved(device) / memory.GIB, 2) if device.type == "cuda" else None


if __name__ == "__main__":
    if sys.argv[1] == "cold":
        _cold(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    else:
        _limited(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
