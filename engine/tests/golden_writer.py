"""Writes a folder of golden data with sizes of its own, by a second, plain implementation of what HuMo's checkpoints do.

Nothing here comes from the engine: formulas are written out one after the other, in fp64 where the precision is free, so that
an error would have to be made twice. Only the bodies of UMT5 and the VAE are the libraries', as in the engine.
"""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from safetensors.torch import save_file

LATENT_MEAN = [-0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508,
               0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921]  # fmt: skip
LATENT_STD = [2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
              3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160]  # fmt: skip


@dataclass(frozen=True)
class Family:
    """Sizes of one model, by the names of golden.json."""

    model_type: str
    in_dim: int
    dim: int
    ffn_dim: int
    freq_dim: int
    num_heads: int
    num_layers: int
    text_dim: int


@dataclass(frozen=True)
class Form:
    """Everything about a folder that may differ from the recorded one."""

    seed: int
    families: dict[str, Family]
    scales: dict[str, dict[str, float]]
    text_length: int = 20
    frames: int = 4
    references: int = 2
    height: int = 4
    width: int = 6
    loop_steps: int = 5
    shift: float = 5.0
    audio_width: int = 12
    audio_hidden: int = 24
    audio_tokens: int = 6
    audio_token_dim: int = 40
    scheduler_steps: tuple[int, ...] = (1, 3, 17)
    window_frames: tuple[int, ...] = (5, 33)
    letterbox: tuple[int, int] = (176, 112)
    images: tuple[tuple[int, int], ...] = ((87, 809), (331, 200), (176, 112), (50, 20))  # height, width
    vae_width: int = 4


def drawn(key: str, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    r = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(zlib.crc32(f"{seed}:{key}".encode())))
    if key.endswith("modulation"):
        return 0.1 * r
    if len(shape) >= 2:
        return r / math.sqrt(math.prod(shape[1:]))
    return 1 + 0.1 * r if key.endswith("weight") else 0.02 * r


def shapes_of(form: Form, family: Family) -> dict[str, list[int]]:
    """Keys and shapes of a model's state."""
    dim, shapes = family.dim, {}

    def linear(name: str, rows: int, columns: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = [rows, columns], [rows]

    def attention(name: str, context: int) -> None:
        for part in "qkvo":
            linear(f"{name}.{part}", dim, context if part in "kv" else dim)
        shapes[f"{name}.norm_q.weight"] = shapes[f"{name}.norm_k.weight"] = [dim]

    shapes["patch_embedding.weight"], shapes["patch_embedding.bias"] = [dim, family.in_dim, 1, 2, 2], [dim]
    linear("text_embedding.0", dim, family.text_dim)
    linear("text_embedding.2", dim, dim)
    linear("time_embedding.0", dim, family.freq_dim)
    linear("time_embedding.2", dim, dim)
    linear("time_projection.1", 6 * dim, dim)
    for number in range(family.num_layers):
        block = f"blocks.{number}"
        shapes[f"{block}.modulation"] = [1, 6, dim]
        attention(f"{block}.self_attn", dim)
        attention(f"{block}.cross_attn", dim)
        shapes[f"{block}.norm3.weight"] = shapes[f"{block}.norm3.bias"] = [dim]
        linear(f"{block}.ffn.0", family.ffn_dim, dim)
        linear(f"{block}.ffn.2", dim, family.ffn_dim)
        wrapper = f"{block}.audio_cross_attn_wrapper"
        attention(f"{wrapper}.audio_cross_attn", form.audio_token_dim)
        shapes[f"{wrapper}.norm1_audio.weight"] = shapes[f"{wrapper}.norm1_audio.bias"] = [dim]
    linear("audio_proj.audio_proj_glob_1.layer", form.audio_hidden, 8 * 5 * form.audio_width)
    linear("audio_proj.audio_proj_glob_2.layer", form.audio_hidden, form.audio_hidden)
    linear("audio_proj.audio_proj_glob_3.layer", form.audio_tokens * form.audio_token_dim, form.audio_hidden)
    norm = "audio_proj.audio_proj_glob_norm.layer"
    shapes[f"{norm}.weight"] = shapes[f"{norm}.bias"] = [form.audio_token_dim]
    shapes["head.modulation"] = [1, 2, dim]
    linear("head.head", 64, dim)
    return shapes


class PlainModel:
    """One pass, written down. Products run in `products` (fp64, or bf16), all else in fp64."""

    def __init__(self, form: Form, family: Family, products: torch.dtype = torch.float64):
        self.form, self.family, self.products = form, family, products
        shapes = shapes_of(form, family)
        self.weights = {key: drawn(key, tuple(shape), form.seed).double() for key, shape in shapes.items()}

    def linear(self, name: str, x: torch.Tensor, wide: bool = False) -> torch.Tensor:
        dtype = torch.float64 if wide else self.products
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        if self.products != torch.float64:  # a bf16 model holds all its weights in bf16
            weight, bias = weight.to(self.products), bias.to(self.products)
        return F.linear(x.to(dtype), weight.flatten(1).to(dtype), bias.to(dtype)).double()

    def gain(self, name: str) -> torch.Tensor:
        return self.weights[name].to(self.products).double()

    def norm(self, x: torch.Tensor) -> torch.Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt()

    def root_mean_square(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return x / (x.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt() * self.gain(name)

    def attend(self, name: str, x: torch.Tensor, context: torch.Tensor, angles: torch.Tensor | None = None) -> torch.Tensor:
        """x (L, dim) over context (S, width); angles (L, head_dim / 2) turn queries and keys."""
        heads = self.family.num_heads
        q = self.root_mean_square(self.linear(f"{name}.q", x), f"{name}.norm_q.weight")
        k = self.root_mean_square(self.linear(f"{name}.k", context), f"{name}.norm_k.weight")
        v = self.linear(f"{name}.v", context)
        width = q.shape[-1] // heads
        out = []
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            one, other = q[:, part], k[:, part]
            if angles is not None:
                one, other = turn(one, angles), turn(other, angles)
            one, other, values = (item.to(self.products) for item in (one, other, v[:, part]))
            share = ((one @ other.T).double() / math.sqrt(width)).softmax(-1)
            out.append((share.to(self.products) @ values).double())
        return self.linear(f"{name}.o", torch.cat(out, dim=-1))

    def __call__(
        self, latents: torch.Tensor, timestep: float, text: torch.Tensor, audio: torch.Tensor, channels: torch.Tensor | None
    ) -> torch.Tensor:
        family, form = self.family, self.form
        x = latents.double() if channels is None else torch.cat((latents, channels)).double()
        _, frames, height, width = x.shape
        rows, columns = height // 2, width // 2
        tokens = [
            x[:, t, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2].flatten()
            for t in range(frames)
            for r in range(rows)
            for c in range(columns)
        ]
        x = self.linear("patch_embedding", torch.stack(tokens))

        half = family.freq_dim // 2
        waves = float(timestep) * torch.tensor([10_000.0 ** (-i / half) for i in range(half)], dtype=torch.float64)
        time = self.linear("time_embedding.0", torch.cat((waves.cos(), waves.sin()))[None], wide=True)
        time = self.linear("time_embedding.2", F.silu(time), wide=True)
        projected = self.linear("time_projection.1", F.silu(time), wide=True).view(6, family.dim)

        padded = torch.zeros(form.text_length, family.text_dim, dtype=torch.float64)
        padded[: text.shape[0]] = text.double()
        text = self.linear("text_embedding.2", gelu(self.linear("text_embedding.0", padded)))

        sound = self.linear("audio_proj.audio_proj_glob_1.layer", audio.double().flatten(1)).clamp(min=0)
        sound = self.linear("audio_proj.audio_proj_glob_2.layer", sound).clamp(min=0)
        sound = self.linear("audio_proj.audio_proj_glob_3.layer", sound)
        sound = sound.view(frames, form.audio_tokens, form.audio_token_dim)
        norm = "audio_proj.audio_proj_glob_norm.layer"
        centred = sound - sound.mean(-1, keepdim=True)
        sound = centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
        sound = sound * self.gain(f"{norm}.weight") + self.gain(f"{norm}.bias")

        angles = rotary_angles(frames, rows, columns, family.dim // family.num_heads)
        per_frame = rows * columns
        for number in range(family.num_layers):
            block = f"blocks.{number}"
            e = self.gain(f"{block}.modulation")[0] + projected
            inner = self.norm(x) * (1 + e[1]) + e[0]
            x = x + e[2] * self.attend(f"{block}.self_attn", inner, inner, angles)
            inner = self.norm(x) * self.gain(f"{block}.norm3.weight") + self.gain(f"{block}.norm3.bias")
            x = x + self.attend(f"{block}.cross_attn", inner, text)
            wrapper = f"{block}.audio_cross_attn_wrapper"
            inner = self.norm(x) * self.gain(f"{wrapper}.norm1_audio.weight") + self.gain(f"{wrapper}.norm1_audio.bias")
            heard = [
                self.attend(f"{wrapper}.audio_cross_attn", inner[frame * per_frame : (frame + 1) * per_frame], sound[frame])
                for frame in range(frames)
            ]
            x = x + torch.cat(heard)
            inner = self.norm(x) * (1 + e[4]) + e[3]
            x = x + e[5] * self.linear(f"{block}.ffn.2", gelu(self.linear(f"{block}.ffn.0", inner)))

        e = self.gain("head.modulation")[0] + time
        x = self.linear("head.head", self.norm(x) * (1 + e[1]) + e[0], wide=True)
        out = torch.zeros(16, frames, height, width, dtype=torch.float64)
        for index, patch in enumerate(x):
            t, r, c = index // per_frame, index % per_frame // columns, index % columns
            out[:, t, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2] = patch.view(2, 2, 16).permute(2, 0, 1)
        return out


def gelu(x: torch.Tensor) -> torch.Tensor:
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def rotary_angles(frames: int, rows: int, columns: int, width: int) -> torch.Tensor:
    """(L, width / 2): the angle of each pair; of 128 channels 44 tell the time, 42 the row, 42 the column."""
    side = 2 * (width // 6)
    spans = (width - 2 * side, side, side)
    lines = []
    for t in range(frames):
        for r in range(rows):
            for c in range(columns):
                lines.append(
                    [place * 10_000.0 ** (-2 * pair / span) for place, span in zip((t, r, c), spans) for pair in range(span // 2)]
                )
    return torch.tensor(lines, dtype=torch.float64)


def turn(x: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    pairs = torch.view_as_complex(x.reshape(x.shape[0], -1, 2).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).reshape(x.shape)


def sigmas_of(steps: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Sigmas (steps + 1) and whole timesteps (steps), fp64."""
    line = np.linspace(float(np.float32(0.999)), 0, steps + 1)[:-1]
    shifted = shift * line / (1 + (shift - 1) * line)
    return np.append(shifted, 0.0), (1000 * shifted).astype(np.int64)


class UniPC:
    """UniPC of order 2 in its bh2 form, predicting the clean sample from a flow velocity."""

    def __init__(self, sigmas: np.ndarray):
        self.sigmas = [float(np.float32(sigma)) for sigma in sigmas]
        self.clean: list[torch.Tensor] = []
        self.before: torch.Tensor | None = None
        self.order = 1

    def level(self, index: int) -> float:
        sigma = self.sigmas[index]
        return math.inf if sigma == 0 else math.log1p(-sigma) - math.log(sigma)

    def step(self, index: int, x: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
        clean = x - self.sigmas[index] * velocity
        if self.before is not None:
            x = self.move(index - 1, index, self.before, self.order, clean)
        self.clean.append(clean)
        self.before = x
        self.order = min(2, index + 1, len(self.sigmas) - 1 - index)
        return self.move(index, index + 1, x, self.order, None)

    def move(self, start: int, end: int, x: torch.Tensor, order: int, arrived: torch.Tensor | None) -> torch.Tensor:
        """From one noise level to the next; with the clean sample found there, once more and better."""
        h = self.level(end) - self.level(start)
        grown = math.expm1(-h)  # −1 where the end is free of noise
        amount = 1 - self.sigmas[end]
        here = self.clean[start]
        slopes = []
        if order == 2:
            ratio = (self.level(start - 1) - self.level(start)) / h
            slopes.append((self.clean[start - 1] - here) / ratio)
        correction = torch.zeros_like(x)
        if arrived is None:
            correction = 0.5 * slopes[0] if slopes else correction
        elif not slopes:
            correction = 0.5 * (arrived - here)
        else:
            first = grown / -h - 1
            second = first / -h - 0.5
            wanted = np.array([first / grown, 2 * second / grown])
            one, other = np.linalg.solve(np.array([[1.0, 1.0], [ratio, 1.0]]), wanted)
            correction = one * slopes[0] + other * (arrived - here)
        return self.sigmas[end] / self.sigmas[start] * x - amount * grown * here - amount * grown * correction


def write(folder: Path, form: Form) -> None:
    """Fill `folder` with golden.json and golden.safetensors."""
    random = torch.Generator().manual_seed(form.seed)
    tensors: dict[str, torch.Tensor] = {}

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=random)

    for name, family in form.families.items():
        _forward_and_loops(tensors, form, name, family, draw)
    _schedulers(tensors, form, draw)
    _audio(tensors, form, draw)
    _letterboxes(tensors, form, random)
    _umt5(tensors, form, random)
    _vae(tensors, form, draw)
    settings = {
        "seed": form.seed,
        "tiny": {name: asdict(family) for name, family in form.families.items()},
        "text_len": form.text_length,
        "patch_size": [1, 2, 2],
        "eps": 1e-6,
        "latent_frames": form.frames,
        "ref_frames": form.references,
        "latent_h": form.height,
        "latent_w": form.width,
        "loop_steps": form.loop_steps,
        "shift": form.shift,
        "state_keys": {name: shapes_of(form, family) for name, family in form.families.items()},
        "letterbox": f"size=(w={form.letterbox[0]},h={form.letterbox[1]})",
        **{f"{name}.{mode}.scales": {**form.scales[name], "mode": mode} for name in form.families for mode in ("TIA", "TA")},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "golden.json").write_text(json.dumps(settings), encoding="utf-8")
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "golden.safetensors")


def _forward_and_loops(tensors, form: Form, name: str, family: Family, draw) -> None:
    total = form.frames + form.references
    model = PlainModel(form, family)
    size = (total, form.height, form.width)
    with_channels = family.in_dim == 36
    x, sound, context = draw(16, *size), draw(total, 8, 5, form.audio_width), draw(9, family.text_dim)
    y = draw(20, *size) if with_channels else None
    prefix = f"{name}.forward."
    tensors |= {prefix + "x": x, prefix + "audio": sound, prefix + "context": context, prefix + "t": torch.tensor([637.0])}
    if y is not None:
        tensors[prefix + "y"] = y
    tensors[prefix + "out_fp32"] = model(x, 637.0, context, sound, y).float()
    tensors[prefix + "out_bf16"] = PlainModel(form, family, torch.bfloat16)(x, 637.0, context, sound, y).float()

    prefix = f"{name}.loop."
    noise, references, null_context = draw(16, *size), draw(16, form.references, *size[1:]), draw(6, family.text_dim)
    sound = draw(total, 8, 5, form.audio_width)
    sound[form.frames :] = 0
    tensors |= {prefix + "noise": noise, prefix + "ref": references, prefix + "context_null": null_context}
    tensors[prefix + "audio"] = sound
    zero_video = None
    if with_channels:
        zero_video = tensors[prefix + "zero_vae"] = draw(16, total + 2, *size[1:])
    for mode in ("TIA", "TA"):
        shown = references if mode == "TIA" else torch.zeros_like(references)
        given = form.scales[name]
        a, t, i = given["scale_a"], given["scale_t"], given["scale_i"]
        sigmas, timesteps = sigmas_of(form.loop_steps, form.shift)
        solver, latents = UniPC(sigmas), noise.double()
        for index, timestep in enumerate(timesteps):

            def velocity(letters: str, latents=latents, timestep=timestep, shown=shown) -> torch.Tensor:
                text = context if "T" in letters else null_context
                heard = sound if "A" in letters else torch.zeros_like(sound)
                if not with_channels:
                    seen = latents.clone()
                    seen[:, form.frames :] = shown if "I" in letters else 0
                    return model(seen, timestep, text, heard, None)
                known = zero_video[:, :total].clone()
                if "I" in letters:
                    known[:, form.frames :] = shown
                mask = torch.zeros(4, *size)
                mask[:, form.frames :] = 1
                return model(latents, timestep, text, heard, torch.cat((mask, known)))

            if mode == "TA":
                ta, only_text, null = velocity("TA"), velocity("T"), velocity("")
                combined = a * (ta - only_text) + t * (only_text - null) + null
            elif name == "1_7b":
                tia, ta, only_text, null = velocity("TIA"), velocity("TA"), velocity("T"), velocity("")
                combined = i * (tia - ta) + a * (ta - only_text) + t * (only_text - null) + null
            elif timestep > 980:
                tia, ti, image = velocity("TIA"), velocity("TI"), velocity("I")
                combined = a * (tia - ti) + t * (ti - image) + image
            else:
                tia, ti, null = velocity("TIA"), velocity("TI"), velocity("")
                combined = a * (tia - ti) + (t - 2) * (ti - null) + null
            latents = solver.step(index, latents, combined)
            if index == 0:
                tensors[f"{prefix}{mode}.first"] = latents.float()
        tensors[f"{prefix}{mode}.final"] = latents[:, : form.frames].float()


def _schedulers(tensors, form: Form, draw) -> None:
    start = tensors["scheduler.x"] = draw(1, 16, 2, 3, 5)
    for steps in form.scheduler_steps:
        sigmas, timesteps = sigmas_of(steps, form.shift)
        solver, x = UniPC(sigmas), start.double()
        for index in range(steps):
            x = solver.step(index, x, torch.sin(1.7 * x) + 0.3 * x - 0.1)
        tensors[f"scheduler.{steps}.sigmas"] = torch.from_numpy(sigmas.astype(np.float32))
        tensors[f"scheduler.{steps}.timesteps"] = torch.from_numpy(timesteps)
        tensors[f"scheduler.{steps}.final"] = x.float()


def _audio(tensors, form: Form, draw) -> None:
    count, width = 27, 7
    hidden = tensors["audio.hidden"] = draw(1, 2 * count, 33, width)
    layers = hidden[0].double()
    parts = [layers[:, start : start + 8].mean(1) for start in (0, 8, 16, 24)] + [layers[:, 32]]
    fast = torch.stack(parts, dim=1)
    slow = []
    for index in range(count):  # the first and last frames fall on the first and last of the faster ones
        place = index * (2 * count - 1) / (count - 1)
        below = min(int(place), 2 * count - 2)
        slow.append(fast[below] + (place - below) * (fast[below + 1] - fast[below]))
    features = torch.stack(slow)
    tensors["audio.emb"] = features.float()
    silence = torch.zeros(5, width, dtype=torch.float64)
    for frames in form.window_frames:
        windows = []
        for latent in range((frames - 1) // 4 + 1):
            wanted = range(-2, 3) if latent == 0 else range(1 + 4 * (latent - 1) - 2, 1 + 4 * latent + 2)
            window = [features[place] if 0 <= place < count else silence for place in wanted]
            windows.append(torch.stack([silence] * (8 - len(window)) + window))
        tensors[f"audio.window.{frames}"] = torch.stack(windows).float()


def _letterboxes(tensors, form: Form, random: torch.Generator) -> None:
    width, height = form.letterbox
    for number, size in enumerate(form.images):
        pixels = torch.randint(0, 256, (*size, 3), generator=random, dtype=torch.uint8)
        image = Image.fromarray(pixels.numpy())
        ratio = image.width / image.height
        inside = (width, int(width / ratio)) if ratio > width / height else (int(height * ratio), height)
        image = image.resize(inside, Image.Resampling.LANCZOS)
        left, top = (width - inside[0]) // 2, (height - inside[1]) // 2
        border = (left, top, width - inside[0] - left, height - inside[1] - top)
        framed = np.array(ImageOps.expand(image, border, fill="white"), dtype=np.float32)
        tensors[f"letterbox.{number}.input"] = pixels
        tensors[f"letterbox.{number}.out"] = (torch.from_numpy(framed).permute(2, 0, 1)[:, None] / 255 - 0.5) / 0.5


def _umt5(tensors, form: Form, random: torch.Generator) -> None:
    """The library's encoder at a size of its own; its keys turned into those of the original files."""
    from transformers import UMT5Config, UMT5EncoderModel

    config = UMT5Config(
        vocab_size=90, d_model=24, d_kv=6, d_ff=40, num_layers=2, num_heads=4, relative_attention_num_buckets=32,
        feed_forward_proj="gated-gelu", dropout_rate=0.0,
    )  # fmt: skip
    encoder = UMT5EncoderModel(config).eval()
    renames = [
        ("encoder.block.", "blocks."), ("layer.0.layer_norm", "norm1"), ("layer.1.layer_norm", "norm2"),
        ("layer.0.SelfAttention.relative_attention_bias", "pos_embedding.embedding"), ("layer.0.SelfAttention", "attn"),
        ("layer.1.DenseReluDense.wi_0", "ffn.gate.0"), ("layer.1.DenseReluDense.wi_1", "ffn.fc1"),
        ("layer.1.DenseReluDense.wo", "ffn.fc2"), ("encoder.final_layer_norm", "norm"), ("shared", "token_embedding"),
    ]  # fmt: skip
    for key, value in encoder.state_dict().items():
        if key == "encoder.embed_tokens.weight":  # the same table again
            continue
        original = key
        for ours, theirs in renames:
            original = original.replace(ours, theirs)
        value.copy_(drawn(original, tuple(value.shape), form.seed))
        tensors[f"umt5.state.{original}"] = value.clone()
    encoder.encoder.embed_tokens.weight = encoder.shared.weight
    ids = tensors["umt5.ids"] = torch.randint(1, 90, (1, 13), generator=random)
    mask = tensors["umt5.mask"] = torch.tensor([[1] * 10 + [0] * 3])
    with torch.no_grad():
        tensors["umt5.out"] = encoder(input_ids=ids, attention_mask=mask).last_hidden_state


def _vae(tensors, form: Form, draw) -> None:
    """The library's VAE at a width of its own; original names by asking the library's converter where each one goes."""
    from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
    from safetensors import safe_open

    vae = AutoencoderKLWan(base_dim=form.vae_width, z_dim=16).eval()
    with safe_open(Path(__file__).parent / "data" / "golden.safetensors", framework="pt") as recorded:
        names = [key.removeprefix("vae.state.") for key in recorded.keys() if key.startswith("vae.state.")]  # noqa: SIM118
    tags = convert_wan_vae_to_diffusers({name: torch.tensor(number) for number, name in enumerate(names)})
    state = vae.state_dict()
    assert set(tags) == set(state)
    for key, tag in tags.items():
        original = names[int(tag)]
        # Small at the end, since the library cuts its output at ±1 and the recorded data does not.
        scale = 0.2 if key.startswith("decoder.conv_out") else 1.0
        state[key].copy_(scale * drawn(original, tuple(state[key].shape), form.seed))
        tensors[f"vae.state.{original}"] = state[key].clone()
    mean, std = (torch.tensor(values).view(1, 16, 1, 1, 1) for values in (LATENT_MEAN, LATENT_STD))
    latents, pixels = draw(1, 16, 2, 3, 5), draw(1, 3, 5, 24, 40).clamp(-1, 1)
    tensors |= {"vae.z": latents, "vae.px": pixels}
    with torch.no_grad():
        tensors["vae.decoded"] = vae.decode(latents * std + mean, return_dict=False)[0]
        assert tensors["vae.decoded"].abs().max() < 1
        tensors["vae.encoded"] = (vae.encode(pixels).latent_dist.mode() - mean) / std
