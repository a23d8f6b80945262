"""The transformer of the small model: flow matching on the pool's latents, with conditions left out as guidance leaves them out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from humo_engine.conditions import MASK_CHANNELS
from humo_engine.functional import time_embedding
from humo_engine.guidance import NULL, TA, TI, TIA, I, Pass, T
from humo_engine.mini import mini_size
from humo_engine.model import HuMoTransformer
from humo_engine.vae import latent_frames
from humo_mini.drawing import FRAMES, Size
from humo_mini.optimise import Optimiser, Replay, rate_at
from humo_mini.pool import SHAPES, SHORT, Sounds, Stock, merge

# How often each kind of pass is practised: as often as guidance weighs it, roughly.
PASSES: dict[str, dict[Pass, float]] = {
    "17b": {TIA: 0.50, TI: 0.15, I: 0.05, NULL: 0.15, TA: 0.08, T: 0.07},
    "1_7b": {TIA: 0.44, TI: 0.10, NULL: 0.14, TA: 0.18, T: 0.14},
}
SHIFTS = (5.0, 2.0)  # half of the noise levels are drawn as sampling uses them, half nearer to the picture
SLOT_WEIGHT = 0.2  # of the reference slots of models with condition channels
SLOT_SHARES = {1: 0.93, 2: 0.04, 3: 0.015, 4: 0.015}
CUT_SHARE = 0.03  # steps on the beginnings of clips
CUT_FRAMES = (7, 13)
SHORT_SHARE = 0.5  # steps on short clips, where there are any
SHORT_BATCH = 8  # times as many clips are in one of those
SPREAD_SHARE = 0.7  # of those steps: their frames stand apart in time as those of a long clip do, the reference after all of them
COMPILE_SECONDS = 150  # that compiling may take of a training; shapes that come later run as they are
USUAL_PIXELS = 24 * 14 * 26  # of the latents: 97 frames of 192×112 and a reference, the most that a whole batch is made of


@dataclass
class Batch:
    """What a training step is given; the tensors stay where they are in memory, so that a graph can read them.

    b clips, F latent frames with the slots. latents (b, 16, F, h, w) as the model sees them, target of the same shape, weight
    (b, 1, F, h, w), timestep (b,), channels (b, 20, F, h, w) or None, text (b, tokens, width), audio (b, F, 8, 5, width).
    """

    latents: Tensor
    target: Tensor
    weight: Tensor
    timestep: Tensor
    channels: Tensor | None
    text: Tensor
    audio: Tensor
    rope: tuple[Tensor, Tensor]

    def tensors(self) -> list[Tensor]:
        optional = [] if self.channels is None else [self.channels]
        return [self.latents, self.target, self.weight, self.timestep, *optional, self.text, self.audio, *self.rope]


def batched_velocity(
    model: HuMoTransformer,
    latents: Tensor,
    timestep: Tensor,
    channels: Tensor | None,
    text: Tensor,
    audio: Tensor,
    rope: tuple[Tensor, Tensor],
    block: Callable[..., Tensor] | None = None,
) -> Tensor:
    """`HuMoTransformer.forward` for b clips at once, with everything it is told computed on the way, for gradients.

    Shapes as in `Batch` → velocity (b, 16, F, h, w), fp32. `block` is `_block`, or that compiled. A test holds it against the model's own forward.
    """
    size = model.size
    count, _, frames, height, width = latents.shape
    x = latents if channels is None else torch.cat((latents, channels.to(latents.dtype)), dim=1)
    patches = x.unflatten(4, (-1, 2)).unflatten(3, (-1, 2)).permute(0, 2, 3, 5, 1, 4, 6).flatten(4).flatten(1, 3)
    x = F.linear(patches, model.patch_embedding.weight.flatten(1), model.patch_embedding.bias).float()
    with torch.autocast(x.device.type, enabled=False):
        time = model.time_embedding(time_embedding(timestep, size.freq_dim))
        modulation = model.time_projection(time).unflatten(1, (6, size.dim))
    words = model.text_embedding(text)
    tokens = model.audio_proj(audio.flatten(0, 1))
    for part in model.blocks:
        x = (block or _block)(part, x, modulation, words, tokens, rope)
    head = model.head
    shift, scale = (head.modulation + time[:, None]).unbind(1)
    with torch.autocast(x.device.type, enabled=False):
        out = head.head(head.norm(x) * (1 + scale[:, None]) + shift[:, None])
    out = out.view(count, frames, height // 2, width // 2, 2, 2, size.out_dim)
    return out.permute(0, 6, 1, 2, 4, 3, 5).reshape(latents.shape)


def _block(block: nn.Module, x: Tensor, modulation: Tensor, words: Tensor, tokens: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    shift, scale, gate, ffn_shift, ffn_scale, ffn_gate = (block.modulation + modulation)[:, :, None].unbind(1)
    x = x + gate * block.self_attn(block.norm1(x) * (1 + scale) + shift, rope)
    x = x + block.cross_attn.cross(block.norm3(x), block.cross_attn.keys_values(words))
    hearing = block.audio_cross_attn_wrapper
    per_frame = hearing.norm1_audio(x).view(tokens.shape[0], -1, x.shape[-1])
    x = x + hearing.audio_cross_attn.cross(per_frame, hearing.audio_cross_attn.keys_values(tokens)).view(x.shape)
    return x + ffn_gate * block.ffn(block.norm2(x) * (1 + ffn_scale) + ffn_shift)


def compiled_block() -> Callable[..., Tensor]:
    """`_block`, compiled anew for each shape that it is given."""
    import torch._dynamo

    limit = "recompile_limit" if hasattr(torch._dynamo.config, "recompile_limit") else "cache_size_limit"
    setattr(torch._dynamo.config, limit, 64)
    return torch.compile(_block, dynamic=False)


def fresh_transformer(family: str, seed: int) -> HuMoTransformer:
    """A transformer whose blocks and head do nothing yet: what they add is zero, so the first steps do not shake it."""
    torch.manual_seed(seed)
    model = HuMoTransformer(mini_size(family))
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith((".o.weight", ".o.bias", "ffn.2.weight", "ffn.2.bias")) or name.startswith("head.head"):
                p.zero_()
    return model


class Trainer:
    """One transformer, its optimiser and its batches. `group` averages the gradients of several processes; `weights` are where it begins."""

    def __init__(
        self, family: str, stocks: dict[Size, Stock], sounds: Sounds, negative: Tensor, device: torch.device,
        *, batch: int = 32, shapes: Sequence[tuple[Size, float]] = SHAPES, seed: int = 1, rank: int = 0, group=None, group_size: int = 1,
        weights: Mapping[str, Tensor] | None = None, shorts: dict[Size, Stock] | None = None, compiled: bool = False, log=print,
    ):  # fmt: skip
        self.family, self.device, self.batch, self.shapes = family, device, batch, shapes
        self.group, self.group_size, self.rank = group, group_size, rank
        self.model = fresh_transformer(family, seed).to(device).train()
        if weights is not None:
            self.model.load_state_dict(weights)
        matrices, others = split_parameters(self.model)
        self.optimiser = Optimiser(matrices, others, 0.01, 8e-4, 0.998)
        self.stocks = {size: stock.to(device) for size, stock in stocks.items()}
        self.shorts = {size: stock.to(device) for size, stock in (shorts or {}).items()}
        self.sounds = Sounds(sounds.windows.to(device), sounds.openings)
        self.negative = negative.to(device)
        self.choices = torch.Generator("cpu").manual_seed(1000 + seed)  # the same on every rank: ranks take the same shapes
        self.numbers = torch.Generator(device).manual_seed(seed * 100 + rank)
        self.graphs: dict[tuple, tuple[Batch, Callable[[], Tensor]]] = {}
        self.ropes: dict[tuple, tuple[Tensor, Tensor]] = {}
        self.steps = 0
        self.block = compiled_block() if compiled else None
        self.compiling = 0.0  # seconds that it has taken
        self.log = log

    def add(self, stocks: dict[Size, Stock], shorts: dict[Size, Stock]) -> None:
        """More clips to learn from, of sizes that are there."""
        for mine, more in ((self.stocks, stocks), (self.shorts, shorts)):
            for size, stock in more.items():
                mine[size] = merge([{size: mine[size]}, {size: stock.to(self.device)}])[size]

    def step(self, scale: float) -> Tensor:
        """One step → its loss, on the device."""
        stock, frames, slots = self._shape()
        batch = self._draw(stock, frames, slots)
        common = slots == 1 and frames == stock.video.shape[2]
        key = tuple(batch.latents.shape)
        if common and self.device.type == "cuda":
            if key not in self.graphs:
                self.graphs[key] = self._capture(batch)
            held, replay = self.graphs[key]
            for target, source in zip(held.tensors(), batch.tensors(), strict=True):
                target.copy_(source)
            loss = replay().clone()
        else:
            loss = self._work(batch)
        if self.group is not None:
            dist.all_reduce(self.optimiser.flat, group=self.group)
            self.optimiser.flat.div_(self.group_size)
        self.optimiser.step(scale)
        self.steps += 1
        return loss

    def _capture(self, batch: Batch) -> tuple[Batch, Callable[[], Tensor]]:
        """Tensors to fill, and what makes a step of them: as it is or compiled, whichever is faster."""
        held = Batch(*(t.clone() if isinstance(t, Tensor) else t for t in (
            batch.latents, batch.target, batch.weight, batch.timestep, batch.channels, batch.text, batch.audio)),
            (batch.rope[0].clone(), batch.rope[1].clone()))  # fmt: skip
        plain: Callable[[], Tensor] = Replay(lambda: self._work(held), self.device)
        if self.block is None or self.compiling > COMPILE_SECONDS:
            return held, plain
        started = time.monotonic()
        try:
            block = self.block
            fused = Replay(lambda: self._work(held, block), self.device)
            pair = [seconds_of(work, self.device) for work in (plain, fused)]
        except Exception as error:  # a compiler that is missing, or cannot: slower, and no worse
            self.log(f"{self.family}: not compiled: {str(error)[:300]}")
            self.block = None
            return held, plain
        self.compiling += time.monotonic() - started
        self.log(f"{self.family}: {tuple(batch.latents.shape)}: {pair[0] * 1000:.1f} ms, compiled {pair[1] * 1000:.1f} ms, "
                 f"after {self.compiling:.0f} s of compiling")  # fmt: skip
        return held, fused if pair[1] < pair[0] else plain

    def loss(self, batch: Batch, block: Callable[..., Tensor] | None = None) -> Tensor:
        """The weighted mean square of what the model's velocities miss. `block` stands in for the usual one."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            made = batched_velocity(
                self.model, batch.latents, batch.timestep, batch.channels, batch.text, batch.audio, batch.rope, block
            )
            return ((made - batch.target).square() * batch.weight).sum() / (batch.weight.sum() * made.shape[1])

    def _work(self, batch: Batch, block: Callable[..., Tensor] | None = None) -> Tensor:
        self.optimiser.zero()
        loss = self.loss(batch, block)
        loss.backward()
        return loss.detach()

    def _shape(self) -> tuple[Stock, int, int]:
        def pick(weights: list[float]) -> int:
            return int(torch.multinomial(torch.tensor(weights), 1, generator=self.choices))

        size = self.shapes[pick([share for _, share in self.shapes])][0]
        if size in self.shorts and pick([1 - SHORT_SHARE, SHORT_SHARE]):
            short = self.shorts[size]
            return short, short.video.shape[2], 1
        slots = list(SLOT_SHARES)[pick(list(SLOT_SHARES.values()))]
        frames = self.stocks[size].video.shape[2]
        if pick([1 - CUT_SHARE, CUT_SHARE]):
            frames = CUT_FRAMES[pick([1.0, 1.0])]
        return self.stocks[size], frames, slots

    @torch.no_grad()
    def _draw(self, stock: Stock, frames: int, slots: int) -> Batch:
        device, numbers = self.device, self.numbers
        height, width = stock.video.shape[-2:]
        # Larger pictures and more frames come in smaller batches, about the same work each, and short clips in larger ones.
        most = self.batch * (SHORT_BATCH if frames == latent_frames(SHORT.frames) else 1)
        count = max(1, min(most, round(self.batch * USUAL_PIXELS / (height * width * (frames + slots)))))
        n = stock.video.shape[0]

        def draw(high: int) -> Tensor:
            return torch.randint(high, (count,), generator=numbers, device=device)

        index, other = draw(n), draw(n)
        kinds = list(PASSES[self.family])
        shares = torch.tensor([PASSES[self.family][kind] for kind in kinds], device=device)
        which = torch.multinomial(shares, count, replacement=True, generator=numbers)
        has = {
            name: torch.tensor([getattr(kind, name) for kind in kinds], device=device)[which]
            for name in ("text", "image", "audio")
        }
        image = has["image"].view(-1, 1, 1, 1, 1)
        video = stock.video[index, :, :frames].float()
        # Which of a person's pictures come, and in which order, is drawn anew each time.
        first = draw(stock.references.shape[2])
        order = (first[:, None] + torch.arange(slots, device=device)) % stock.references.shape[2]
        references = stock.references[index[:, None], :, order].transpose(1, 2).float()
        zero = stock.zero_video[None, :, : frames + slots].expand(count, -1, -1, -1, -1)
        noise = torch.randn(count, 16, frames + slots, height, width, generator=numbers, device=device)
        uniform = torch.rand(count, generator=numbers, device=device)
        shift = torch.where(torch.rand(count, generator=numbers, device=device) < 0.5, SHIFTS[0], SHIFTS[1])
        sigma = (shift * uniform / (1 + (shift - 1) * uniform)).clamp(1e-3, 0.9999)
        mixing = sigma.view(-1, 1, 1, 1, 1)
        weight = torch.ones(count, 1, frames + slots, height, width, device=device)
        weight[:, 0, :frames] = stock.weight[index, :frames].float()
        channels = None
        if self.model.size.in_dim > 16:
            # Without image the slot holds somebody else, or nothing, so that nobody is learned from it.
            stranger = stock.references[other, :, :slots].float()
            nothing = zero[:, :, frames:]
            coin = torch.rand(count, generator=numbers, device=device).view(-1, 1, 1, 1, 1) < 0.6
            slot = torch.where(image, references, torch.where(coin, stranger, nothing))
            weight[:, :, frames:] = SLOT_WEIGHT
            mask = torch.zeros(count, MASK_CHANNELS, frames + slots, height, width, device=device)
            mask[:, :, frames:] = 1
            known = torch.cat((zero[:, :, :frames], torch.where(image, references, nothing)), dim=2)
            channels = torch.cat((mask, known), dim=1)
            clean = torch.cat((video, slot), dim=2)
            latents = (1 - mixing) * clean + mixing * noise
        else:
            slot = torch.where(image, references, 0.0)
            weight[:, :, frames:] = 0
            clean = torch.cat((video, slot), dim=2)
            latents = (1 - mixing) * clean + mixing * noise
            latents[:, :, frames:] = slot
        target = noise - clean
        text = stock.text[index, draw(stock.text.shape[1])].float()
        text = torch.where(has["text"].view(-1, 1, 1), text, self.negative[draw(self.negative.shape[0])])
        audio = torch.zeros(count, frames + slots, *self.sounds.windows.shape[2:], device=device)
        when = stock.skip[index][:, None] + torch.arange(frames, device=device)
        heard = self.sounds.windows[stock.sound[index][:, None], when].float()
        audio[:, :frames] = heard * has["audio"].view(-1, 1, 1, 1, 1)
        rope = self._positions(self._times(frames, slots), height, width)
        return Batch(latents, target, weight, 1000 * sigma, channels, text, audio, rope)

    def _times(self, frames: int, slots: int) -> list[int]:
        """Where the latent frames of a batch and its references stand in time."""
        short = latent_frames(SHORT.frames)
        if frames != short or float(torch.rand(1, generator=self.choices)) >= SPREAD_SHARE:
            return list(range(frames + slots))
        end = latent_frames(FRAMES)
        inner = sorted((torch.randperm(end - 1, generator=self.choices)[: frames - 1] + 1).tolist())
        return [0, *inner, *range(end, end + slots)]

    def _positions(self, times: list[int], height: int, width: int) -> tuple[Tensor, Tensor]:
        place = (max(times) + 1, height, width)
        if place not in self.ropes:
            self.ropes[place] = self.model.positions(*place)
        whole = self.ropes[place]
        if len(times) == place[0]:
            return whole
        index = torch.tensor(times, device=self.device)
        cosine, sine = (table.unflatten(0, (place[0], -1))[index].flatten(0, 1) for table in whole)
        return cosine, sine


def split_parameters(model: HuMoTransformer) -> tuple[list[nn.Parameter], list[tuple[nn.Parameter, float]]]:
    """The matrices of blocks and audio projection, for Muon; all else for AdamW, the time MLP at half the rate."""
    matrices, others = [], []
    for name, p in model.named_parameters():
        if p.dim() == 2 and name.startswith(("blocks.", "audio_proj.")) and "norm" not in name:
            matrices.append(p)
        else:
            others.append((p, 0.5 if name.startswith("time_") else 1.0))
    return matrices, others


def train_transformer(
    trainer: Trainer, seconds: float, *, steps: int | None = None, schedule: Callable[[float], float] = rate_at,
    save: Callable[[Trainer], None] | None = None, save_every: float = 60.0, already: float = 0.0, more: Callable[[], None] | None = None,
    log=print,
) -> None:  # fmt: skip
    """Train for so many seconds (or steps), of which an earlier run took `already`; `more` is called now and then, and may add clips.

    When the loss doubles, or is no number, training goes back to the last good state.
    """
    started = saved = time.monotonic()
    good, best, recent = _copy(trainer.optimiser.state()), float("inf"), None
    losses: list[Tensor] = []
    step, progress = 0, 0.0
    while True:
        if trainer.group is None or steps or step % 10 == 0:
            progress = step / steps if steps else (already + time.monotonic() - started) / seconds
            if trainer.group is not None:  # all ranks take the same steps at the same rate, and end at the same one
                shared = torch.tensor(progress, device=trainer.device)
                dist.all_reduce(shared, group=trainer.group)
                progress = shared.item() / trainer.group_size
        if progress >= 1:
            break
        losses.append(trainer.step(schedule(progress)))
        step += 1
        if step % 100 == 0 or (steps and step % 10 == 0):
            mean = torch.stack(losses[-100:]).mean()
            if trainer.group is not None:
                dist.all_reduce(mean, group=trainer.group)
                mean = mean / trainer.group_size
            recent = mean.item()
            if step % 500 == 0 or steps:
                log(f"{trainer.family}: step {trainer.steps}, {time.monotonic() - started:.0f} s, loss {recent:.4f}")
            if not recent < 2 * best + 0.02:
                log(f"{trainer.family}: the loss is {recent:.4f} after {best:.4f}: back to the last good state")
                trainer.optimiser.load(good)
                losses.clear()
                continue
            best = min(best, recent)
            losses = losses[-100:]
            if step % 500 == 0:
                good = _copy(trainer.optimiser.state())
        if more is not None and step % 100 == 0:
            more()
        if save is not None and time.monotonic() - saved > save_every and step % 100 == 0:
            save(trainer)
            saved = time.monotonic()
    log(f"{trainer.family}: {step} steps in {time.monotonic() - started:.0f} s, loss {recent}")


def seconds_of(work: Callable[[], Tensor], device: torch.device, times: int = 5) -> float:
    """How long one of several runs takes."""
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    started = time.monotonic()
    for _ in range(times):
        work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (time.monotonic() - started) / times


def _copy(state: dict) -> dict:
    return {name: [t.clone() for t in value] if isinstance(value, list) else value for name, value in state.items()}
