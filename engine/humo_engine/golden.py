"""`check-golden`: our code against data recorded from the reference procedure.

A folder holds `golden.json` (sizes, scales, keys) and `golden.safetensors` (inputs and outputs). Everything in it is
compared; a name that nothing here understands, and a name that should be there and is not, count as misses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from humo_engine import vae as video_vae
from humo_engine.audio import audio_features, audio_windows
from humo_engine.checkpoint import load_strict, lower_precision
from humo_engine.conditions import prepare_conditions
from humo_engine.guidance import passes_of
from humo_engine.images import letterbox
from humo_engine.model import Conditions, HuMoTransformer, ModelSize
from humo_engine.sampling import EveryPass, WholeClip, denoise, make_scheduler
from humo_engine.settings import Scales
from humo_engine.text import rename_umt5
from humo_engine.tiny import draw_weight

FORWARD_LIMIT = 1e-4
BF16_LIMIT = 1e-2
TRACE_LIMIT = 1e-4
AUDIO_LIMIT = 1e-5
UMT5_LIMIT = 1e-4
VAE_LIMIT = 1e-3
EXACT = 0.0
FIRST_SIGMA = 0.999
SWITCH_TIMESTEP = 980
FAMILIES = ("17b", "1_7b")
MODES = ("TIA", "TA")
# Names of golden.json that describe the data; each is read somewhere below.
KNOWN_SETTINGS = {
    "seed", "tiny", "text_len", "patch_size", "eps", "latent_frames", "ref_frames", "latent_h", "latent_w", "loop_steps",
    "shift", "state_keys", "letterbox",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One comparison. `error` is relative, or the share of differing values where `limit` is 0; None says it failed to run."""

    name: str
    error: float | None
    limit: float
    note: str = ""

    @property
    def passed(self) -> bool:
        # "not >" would let NaN through
        return self.error is not None and self.error <= self.limit


class Golden:
    """The data of one folder, and a record of which of it was used."""

    def __init__(self, folder: Path):
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            self.settings: dict[str, Any] = dict(json.loads((folder / "golden.json").read_text(encoding="utf-8")))
            self.tensors = load_file(folder / "golden.safetensors")
        except (ValueError, TypeError, SafetensorError) as error:
            raise ValueError(f"{folder} has no readable golden data: {error}") from error
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> Tensor:
        self.used.add(name)
        if name not in self.tensors:
            raise KeyError(f"golden.safetensors lacks {name}")
        return self.tensors[name]

    def names(self, pattern: str) -> list[re.Match[str]]:
        matches = (re.fullmatch(pattern, name) for name in self.tensors)
        return sorted((match for match in matches if match), key=lambda match: match[0])

    def state(self, prefix: str) -> dict[str, Tensor]:
        names = [name for name in self.tensors if name.startswith(prefix)]
        return {name.removeprefix(prefix): self[name] for name in names}


def check(folder: Path) -> list[Row]:
    """Compare everything in `folder`. Raises OSError or ValueError only if the files themselves cannot be read."""
    golden = Golden(folder)
    rows: list[Row] = []
    with torch.no_grad():
        for family in FAMILIES:
            _run(rows, f"{family}.state_keys", lambda family=family: _models(golden, family))
        _run(rows, "scheduler", lambda: _schedulers(golden))
        _run(rows, "audio", lambda: _audio(golden))
        _run(rows, "letterbox", lambda: _letterboxes(golden))
        _run(rows, "umt5", lambda: _umt5(golden))
        _run(rows, "vae", lambda: _vae(golden))
    known = KNOWN_SETTINGS | {f"{family}.{mode}.scales" for family in FAMILIES for mode in MODES}
    rows += [Row(f"golden.json: {name}", None, EXACT, "not understood") for name in golden.settings if name not in known]
    rows += [Row(f"golden.json: {name}", None, EXACT, "missing") for name in sorted(known - set(golden.settings))]
    rows += [Row(name, None, EXACT, "not understood") for name in sorted(set(golden.tensors) - golden.used)]
    return rows


def _run(rows: list[Row], name: str, compare: Callable[[], Iterator[Row]]) -> None:
    """Collect rows; an error becomes a row of its own, so that one broken part does not hide the others."""
    try:
        rows.extend(compare())
    except Exception as error:
        rows.append(Row(name, None, EXACT, f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"))


def _relative(name: str, out: Tensor, reference: Tensor, limit: float) -> Row:
    if out.shape != reference.shape:
        return Row(name, None, limit, f"shape {tuple(out.shape)} instead of {tuple(reference.shape)}")
    difference = (out.double() - reference.double()).norm()
    scale = reference.double().norm()
    return Row(name, (difference / scale if scale > 0 else difference).item(), limit)


def _exact(name: str, out: Tensor, reference: Tensor) -> Row:
    if out.shape != reference.shape or out.dtype != reference.dtype:
        return Row(name, None, EXACT, f"{out.dtype} {tuple(out.shape)} instead of {reference.dtype} {tuple(reference.shape)}")
    return Row(name, (out != reference).double().mean().item(), EXACT)


def _build(golden: Golden, family: str) -> HuMoTransformer:
    settings, tiny = golden.settings, golden.settings["tiny"][family]
    window = golden.tensors[f"{family}.forward.audio"].shape[1:]
    shapes = settings["state_keys"][family]
    if (tiny["model_type"] == "i2v") != (tiny["in_dim"] > video_vae.LATENT_CHANNELS):
        raise ValueError(f"model_type {tiny['model_type']} does not go with in_dim {tiny['in_dim']}")
    size = ModelSize(
        in_dim=tiny["in_dim"], dim=tiny["dim"], ffn_dim=tiny["ffn_dim"], heads=tiny["num_heads"], layers=tiny["num_layers"],
        freq_dim=tiny["freq_dim"], text_dim=tiny["text_dim"], text_length=settings["text_len"],
        patch=tuple(settings["patch_size"]), eps=settings["eps"], audio_window=tuple(window),
        audio_hidden=shapes["audio_proj.audio_proj_glob_1.layer.weight"][0],
        audio_token_dim=shapes["audio_proj.audio_proj_glob_norm.layer.weight"][0],
        audio_tokens=shapes["audio_proj.audio_proj_glob_3.layer.weight"][0]
        // shapes["audio_proj.audio_proj_glob_norm.layer.weight"][0],
    )  # fmt: skip
    with torch.device("meta"):
        model = HuMoTransformer(size)
    state = {key: draw_weight(key, tuple(shape), settings["seed"]) for key, shape in shapes.items()}
    load_strict(model, state, f"state_keys of {family}")
    return model.eval().requires_grad_(False)


def _models(golden: Golden, family: str) -> Iterator[Row]:
    model = _build(golden, family)
    yield Row(f"{family}.state_keys", 0.0, EXACT)
    yield from _sizes(golden, family)
    yield from _loops(golden, family, model)
    yield from _forwards(golden, family, model)  # last: it turns the matrices to bf16


def _sizes(golden: Golden, family: str) -> Iterator[Row]:
    """The sizes that golden.json states, against the tensors' shapes."""
    settings = golden.settings
    frames, references = settings["latent_frames"], settings["ref_frames"]
    expected = (video_vae.LATENT_CHANNELS, frames + references, settings["latent_h"], settings["latent_w"])
    shape = tuple(golden.tensors[f"{family}.loop.noise"].shape)
    yield Row(f"{family}.loop.noise shape", float(shape != expected), EXACT, "" if shape == expected else f"{shape} ≠ {expected}")


def _forwards(golden: Golden, family: str, model: HuMoTransformer) -> Iterator[Row]:
    prefix = f"{family}.forward."
    latents, timestep = golden[prefix + "x"], golden[prefix + "t"]
    channels = golden[prefix + "y"] if model.size.in_dim > latents.shape[0] else None
    for name, dtype, limit in (("out_fp32", torch.float32, FORWARD_LIMIT), ("out_bf16", torch.bfloat16, BF16_LIMIT)):
        lower_precision(model, dtype)
        conditions = Conditions(
            channels,
            model.embed_text(golden[prefix + "context"]),
            model.embed_audio(golden[prefix + "audio"]),
            model.positions(*latents.shape[1:]),
        )
        yield _relative(prefix + name, model(latents, timestep, conditions), golden[prefix + name], limit)


def _loops(golden: Golden, family: str, model: HuMoTransformer) -> Iterator[Row]:
    prefix, settings = f"{family}.loop.", golden.settings
    noise, references = golden[prefix + "noise"], golden[prefix + "ref"]
    zero_video = golden[prefix + "zero_vae"][:, : noise.shape[1]] if model.size.in_dim > noise.shape[0] else None
    for mode in MODES:
        given = settings[f"{family}.{mode}.scales"]
        if given["mode"] != mode or set(given) - {"mode", "scale_a", "scale_t", "scale_i"}:
            raise ValueError(f"{family}.{mode}.scales says {given}")
        conditions = prepare_conditions(
            model,
            passes_of(family, mode),
            text=golden[f"{family}.forward.context"],
            negative_text=golden[prefix + "context_null"],
            audio=golden[prefix + "audio"],
            references=references if mode == "TIA" else torch.zeros_like(references),
            zero_video=zero_video,
        )
        steps: list[Tensor] = []
        final = denoise(
            WholeClip(model, conditions),
            EveryPass(family, mode, Scales(given["scale_a"], given["scale_t"], given["scale_i"]), SWITCH_TIMESTEP),
            noise, steps=settings["loop_steps"], shift=settings["shift"], first_sigma=FIRST_SIGMA,
            after_step=lambda step, latents, steps=steps: steps.append(latents),
        )  # fmt: skip
        yield _relative(f"{prefix}{mode}.first", steps[0], golden[f"{prefix}{mode}.first"], FORWARD_LIMIT)
        without_references = final[:, : final.shape[1] - references.shape[1]]
        yield _relative(f"{prefix}{mode}.final", without_references, golden[f"{prefix}{mode}.final"], FORWARD_LIMIT)


def _schedulers(golden: Golden) -> Iterator[Row]:
    counts = [int(match[1]) for match in golden.names(r"scheduler\.(\d+)\.sigmas")]
    if not counts:
        raise KeyError("golden.safetensors lacks scheduler.N.sigmas")
    for steps in counts:
        prefix = f"scheduler.{steps}."
        scheduler = make_scheduler(steps, golden.settings["shift"], FIRST_SIGMA)
        yield _exact(prefix + "sigmas", scheduler.sigmas, golden[prefix + "sigmas"])
        yield _exact(prefix + "timesteps", scheduler.timesteps, golden[prefix + "timesteps"])
        x = golden["scheduler.x"]
        for timestep in scheduler.timesteps:
            velocity = torch.sin(1.7 * x) + 0.3 * x - 0.1
            x = scheduler.step(velocity, timestep, x, return_dict=False)[0]
        yield _relative(prefix + "final", x, golden[prefix + "final"], TRACE_LIMIT)


def _audio(golden: Golden) -> Iterator[Row]:
    features = audio_features([golden["audio.hidden"]])
    yield _relative("audio.emb", features, golden["audio.emb"], AUDIO_LIMIT)
    counts = [int(match[1]) for match in golden.names(r"audio\.window\.(\d+)")]
    if not counts:
        raise KeyError("golden.safetensors lacks audio.window.N")
    for frames in counts:
        name = f"audio.window.{frames}"
        yield _relative(name, audio_windows(features, frames), golden[name], AUDIO_LIMIT)


def _letterboxes(golden: Golden) -> Iterator[Row]:
    from PIL import Image

    text = golden.settings["letterbox"]
    size = re.fullmatch(r"size=\(w=(\d+),h=(\d+)\)", text)
    if size is None:
        raise ValueError(f"letterbox: {text!r} is not size=(w=…,h=…)")
    numbers = [match[1] for match in golden.names(r"letterbox\.(\d+)\.input")]
    if not numbers:
        raise KeyError("golden.safetensors lacks letterbox.N.input")
    for number in numbers:
        image = Image.fromarray(np.ascontiguousarray(golden[f"letterbox.{number}.input"].numpy()))
        name = f"letterbox.{number}.out"
        yield _exact(name, letterbox(image, int(size[1]), int(size[2])), golden[name])


def _umt5(golden: Golden) -> Iterator[Row]:
    from transformers import UMT5Config, UMT5EncoderModel

    state = golden.state("umt5.state.")
    queries, buckets = state["blocks.0.attn.q.weight"], state["blocks.0.pos_embedding.embedding.weight"]
    heads = buckets.shape[1]
    config = UMT5Config(
        vocab_size=state["token_embedding.weight"].shape[0], d_model=queries.shape[1], d_kv=queries.shape[0] // heads,
        d_ff=state["blocks.0.ffn.fc1.weight"].shape[0], num_heads=heads, dropout_rate=0.0, feed_forward_proj="gated-gelu",
        num_layers=len({key.split(".")[1] for key in state if key.startswith("blocks.")}),
        relative_attention_num_buckets=buckets.shape[0],
    )  # fmt: skip
    encoder = UMT5EncoderModel(config).eval()
    renamed = rename_umt5(state)
    renamed["encoder.embed_tokens.weight"] = renamed["shared.weight"]
    load_strict(encoder, renamed, "umt5.state")
    out = encoder(input_ids=golden["umt5.ids"], attention_mask=golden["umt5.mask"]).last_hidden_state
    yield _relative("umt5.out", out, golden["umt5.out"], UMT5_LIMIT)


def _vae(golden: Golden) -> Iterator[Row]:
    vae = video_vae.load_original_vae(golden.state("vae.state."))
    decoded = torch.stack([video_vae.decode(vae, latents) for latents in golden["vae.z"]])
    yield _relative("vae.decoded", decoded, golden["vae.decoded"], VAE_LIMIT)
    encoded = torch.stack([video_vae.encode(vae, pixels) for pixels in golden["vae.px"]])
    yield _relative("vae.encoded", encoded, golden["vae.encoded"], VAE_LIMIT)


def format_table(rows: list[Row]) -> str:
    """The rows as a table for a terminal: name, relative error, limit, verdict."""
    width = max(len(row.name) for row in rows)
    lines = [f"{'name':<{width}}  {'error':>9}  {'limit':>7}  verdict"]
    for row in rows:
        error = "—" if row.error is None else f"{row.error:.2e}"
        limit = "exact" if row.limit == EXACT else f"{row.limit:.0e}"
        lines.append(
            f"{row.name:<{width}}  {error:>9}  {limit:>7}  {'ok' if row.passed else 'MISS'}{row.note and f' ({row.note})'}"
        )
    misses = sum(not row.passed for row in rows)
    lines.append(f"{len(rows) - misses} of {len(rows)} within their limits" + (f", {misses} missed" if misses else ""))
    return "\n".join(lines)
