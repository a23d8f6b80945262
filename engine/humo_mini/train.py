"""The whole training, from nothing to weight files: sounds, text encoder, VAE, pool, transformers, one after the other on a clock.

Each stage leaves what it made in the state folder, and a stage whose result lies there is not run again; transformers go on
from where they were. Several GPUs share the work: VAE variants side by side, the pool in parts, half of the GPUs for each model.
With `drawers`, clips are drawn and encoded by the CPU instead, before the GPUs are free and all the while that they train.
"""

from __future__ import annotations

import dataclasses
import math
import multiprocessing
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist

from humo_engine.components import Components
from humo_engine.mini import TEXT_FILE, VAE_FILE, build_text_encoder, mini_components, pack, transformer_file, unpack
from humo_engine.settings import Scales
from humo_engine.tiny import byte_tokenizer
from humo_mini.check import check_model
from humo_mini.drawing import Size
from humo_mini.optimise import falling_rate, rate_at
from humo_mini.pool import SHAPES, SHORT, USUAL, Kind, Sounds, Stock, make_sounds, make_stocks, merge, negative_states
from humo_mini.state import FAMILIES, check_files, write_weights
from humo_mini.text_training import NEGATIVE_PROMPTS, Labelled, label_prompts, train_text
from humo_mini.transformer_training import Trainer, train_transformer
from humo_mini.vae_training import BATCH, check_vae, save_vae, train_vae


@dataclass(frozen=True)
class Plan:
    """What a training takes. Times are seconds since its start, by which a stage is to end; `steps` instead of times where given."""

    sounds: int = 2400
    text_seconds: float = 50
    vae_until: float = 215
    pool_until: float = 265
    shorts_until: float = 285
    train_until: float = 545
    pool_most: int = 2600  # clips of each process
    shorts_most: int = 30_000  # short ones of each process
    pool_processes: int = 6  # that draw and encode clips, of each GPU
    vae_stock: int = 2000
    batch: int = 32  # clips of a step, all processes of a model together
    vae_widths: tuple[int, ...] = (12, 8, 10)  # tried side by side, as many as there are processes
    steps: int | None = None  # of every part, instead of times
    processes: int | None = None  # that make sounds
    check_clips: int = 10
    check_steps: int = 8
    check_latents: int | None = None  # latent frames of its clips; None: of a whole one
    shapes: tuple[tuple[Size, float], ...] = SHAPES  # of the pool; the VAE learns on the first two
    vae_batch: tuple[int, int] = BATCH
    text: tuple[int, int] = (20_000, 256)  # prompts, and how many of them in a step
    start: Path | None = None  # weight files that the transformers go on from; VAE and text encoder stay as they are there
    text_goes_on: bool = False  # but for the text encoder, if this says so
    decoder_seconds: float = 0  # that the VAE's decoder goes on, beside the first clips' drawing; latents stay as they are
    drawers: int = 0  # processes that draw clips on the CPU, until the transformers are trained; 0: GPUs draw a pool before that
    chunk: tuple[int, int] = (6, 60)  # usual and short clips that a drawer hands over at once
    wait_for: Path | None = None  # a file before which no GPU is used
    train_seconds: float | None = None  # of the transformers, from their start on; `train_until` ends them in any case
    compiled: bool = False  # the transformers' blocks, where a compiler is there and that is faster


ALONE = Plan(
    sounds=3000, text_seconds=80, vae_until=255, pool_until=350, shorts_until=395, train_until=1105, vae_widths=(12,), compiled=True,
)  # fmt: skip
"""On one GPU, which two processes share: the text encoder beside the VAE, then a model each. Twenty minutes with the checks at its end."""

SMALL = Plan(
    sounds=2, pool_most=4, shorts_most=8, pool_processes=1, vae_stock=6, batch=1, vae_widths=(8,), steps=6, processes=1, check_clips=1, check_steps=1,
    check_latents=5, shapes=(((64, 48), 0.5), ((48, 64), 0.5)), vae_batch=(1, 2), text=(64, 16), chunk=(2, 2),
)  # fmt: skip
"""For a test on a CPU: every stage, next to nothing of each."""

CHECK_SCALES: dict[str, dict[str, Scales]] = {
    "17b": {"soft": Scales(2.5, 3.25), "official": Scales(5.5, 5.0)},
    "1_7b": {"soft": Scales(3.0, 2.0, 2.5), "official": Scales(7.5, 7.0, 4.0)},
}


@dataclass
class Run:
    """One process of a training."""

    plan: Plan
    state: Path
    out: Path
    rank: int
    ranks: int
    device: torch.device
    started: float

    def log(self, line: str) -> None:
        text = f"[{time.time() - self.started:5.0f} s, {self.rank}] {line}"
        print(text, flush=True)
        with (self.out / "train.log").open("a") as file:
            file.write(text + "\n")

    def left(self, until: float, least: float = 1.0) -> float:
        """Seconds until a time of the plan, and `least` where it has nearly come: what came before took longer."""
        return max(least, until - (time.time() - self.started))

    def use_device(self) -> None:
        """Wait until GPUs are free, and take this process's."""
        file = self.plan.wait_for
        while file is not None and not file.exists():
            time.sleep(0.5)
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
            torch.backends.cuda.matmul.allow_tf32 = True
            torch.backends.cudnn.benchmark = True

    def wait_for_all(self) -> None:
        if self.ranks > 1:
            dist.barrier()

    def keep(self, name: str, value: object) -> None:
        """Write a file of the state folder, whole or not at all."""
        partial = self.state / f".{name}.{self.rank}.part"
        torch.save(value, partial)
        os.replace(partial, self.state / name)

    def kept(self, name: str):
        """What `keep` wrote: tensors, in dictionaries and lists; nothing else is read from a file."""
        return torch.load(self.state / name, map_location="cpu", weights_only=True)


def train(plan: Plan, state: Path, out: Path, device: str | None = None, ranks: int | None = None) -> None:
    """Make all weights anew, or go on with what `state` holds; weight files, pictures and a log go to `out`.

    Takes all GPUs there are, unless `device` names one, or the CPU; `ranks` is the number of processes, by default one for each GPU, and two for
    one: neither model fills it alone. ValueError without espeak-ng, or without
    a weight file that the plan starts from.
    """
    from humo_mini.speech import has_espeak

    if not has_espeak() and not (state / "sounds.pt").exists():
        raise ValueError(
            "espeak-ng is not installed; it speaks what the small model is trained on (Debian: apt install espeak-ng)"
        )
    if plan.start is not None:
        check_files(plan.start)
    state.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    ranks = ranks or processes_for(gpus_of(device))
    started = float(os.environ.get("HUMO_MINI_STARTED", time.time()))
    if ranks > 1:
        torch.multiprocessing.spawn(_start, (ranks, plan, state, out, device, started, f"meeting-{time.time()}"), nprocs=ranks)
    else:
        _start(0, 1, plan, state, out, device, started)


def gpus_of(device: str | None) -> int:
    """How many GPUs train: all there are, or those of the device that is named."""
    return torch.cuda.device_count() if device is None else int(device.startswith("cuda"))


def processes_for(gpus: int) -> int:
    """How many processes train on so many GPUs; none of them is a CPU's one."""
    return {0: 1, 1: 2}.get(gpus, gpus)


TEXT_START = "text-start.pt"


def _take_over(run: Run, start: Path) -> None:
    """Text encoder and VAE of earlier weight files, as the stages that make them would leave them; a text encoder that goes on, for its stage."""
    for name, kept in ((TEXT_FILE, TEXT_START if run.plan.text_goes_on else "text.pt"), (VAE_FILE, "vae.pt")):
        if not (run.state / kept).exists():
            shutil.copy(start / name, run.out / name)
            run.keep(kept, _read(start / name))


def _read(file: Path) -> dict:
    from safetensors.torch import load_file

    return unpack(load_file(file))


def _start(
    rank: int, ranks: int, plan: Plan, state: Path, out: Path, device: str | None, started: float, meeting: str = ""
) -> None:
    name = device or (f"cuda:{rank % torch.cuda.device_count()}" if torch.cuda.is_available() else "cpu")
    run = Run(plan, state, out, rank, ranks, torch.device(name), started)
    if ranks > 1:
        dist.init_process_group("gloo", init_method=f"file://{state.resolve()}/{meeting}", rank=rank, world_size=ranks)
    try:
        if plan.start is not None and rank == 0:
            _take_over(run, plan.start)
        run.wait_for_all()
        if plan.drawers and plan.start is not None:
            _draw_first(run)
        else:
            run.use_device()
            _first_stage(run)
            if plan.drawers:
                _draw_first(run)
        if plan.start is not None and plan.decoder_seconds and rank == ranks - 1:
            _decoder(run)
        run.wait_for_all()
        _transformers(run, *(_drawn(run) if plan.drawers else _pools(run)))
    finally:
        if plan.drawers and rank == 0:
            (state / ENOUGH).touch()
        if ranks > 1:
            dist.destroy_process_group()


def _first_stage(run: Run) -> None:
    """Sounds and text on the last process, a VAE on each of the others; all of it on the only one."""
    plan = run.plan
    if run.rank == run.ranks - 1:
        if not (run.state / "sounds.pt").exists():
            run.keep("sounds.pt", dataclasses.asdict(make_sounds(plan.sounds, plan.processes, run.log)))
        _text(run, plan.text[0])
    variants = plan.vae_widths[: run.ranks]
    late = run.ranks > 1 and run.rank == run.ranks - 1 and plan.steps is None and run.left(plan.vae_until) < 60
    if run.rank < len(variants) and not late:
        width = variants[run.rank]
        file = run.state / f"vae-{width}.safetensors"
        if not file.exists() and not (run.state / "vae.pt").exists():
            vae = train_vae(
                width,
                run.left(plan.vae_until - 8),
                run.device,
                stock=plan.vae_stock,
                steps=plan.steps,
                sizes=[size for size, _ in plan.shapes[:2]],
                batch=plan.vae_batch,
                log=run.log,
            )
            # In this order: who goes on takes a VAE that lies there for whole, with its figures.
            run.keep(f"vae-{width}.pt", _log_vae(run, vae, width))
            save_vae(vae, file)
    run.wait_for_all()
    if run.rank == 0 and not (run.state / "vae.pt").exists():
        _choose_vae(run, variants)


DECODER = "decoder.pt"


def _decoder(run: Run) -> None:
    """The VAE's decoder, from where it stands, once; encoder and latents stay, so all else goes on beside it."""
    if (run.state / DECODER).exists():
        return
    plan, start = run.plan, run.kept("vae.pt")
    width = start["encoder.conv_in.weight"].shape[0]
    vae = train_vae(
        width,
        plan.decoder_seconds,
        run.device,
        seed=2,
        stock=plan.vae_stock,
        steps=plan.steps,
        sizes=[size for size, _ in plan.shapes[:2]],
        batch=plan.vae_batch,
        start=start,
        log=run.log,
    )
    _log_vae(run, vae, width)
    weights = {key: value.detach().float().cpu() for key, value in vae.state_dict().items()}
    write_weights(pack(weights), run.out / VAE_FILE)
    run.keep(DECODER, weights)


def _log_vae(run: Run, vae: torch.nn.Module, width: int) -> dict[str, float]:
    """How well held-out clips survive a VAE."""
    toy = run.plan.steps is not None
    figures = check_vae(vae, clips=1 if toy else 6, frames=17 if toy else 97, size=run.plan.shapes[0][0])
    run.log(f"vae {width}: PSNR " + ", ".join(f"{name} {value:.2f} dB" for name, value in figures.items()))
    return figures


def _text(run: Run, prompts: int | Labelled) -> None:
    """The text encoder, anew or from where it stands; once."""
    if (run.state / "text.pt").exists():
        return
    plan = run.plan
    start = _whole_text(run.kept(TEXT_START)) if (run.state / TEXT_START).exists() else None
    encoder, read = train_text(
        plan.text_seconds, run.device, steps=plan.steps, prompts=prompts, batch=plan.text[1], start=start, log=run.log
    )
    run.log("text: held-out prompts read rightly: " + ", ".join(f"{name} {share:.3f}" for name, share in read.items()))
    write_weights(
        pack({k: v for k, v in encoder.state_dict().items() if k != "encoder.embed_tokens.weight"}), run.out / TEXT_FILE
    )
    run.keep("text.pt", {key: value.cpu() for key, value in encoder.state_dict().items()})


def _whole_text(weights: dict) -> dict:
    """One table under two names, as the library has it."""
    return {**weights, "encoder.embed_tokens.weight": weights["shared.weight"]}


def _choose_vae(run: Run, widths: tuple[int, ...]) -> None:
    """The narrowest VAE that no wider one beats by half a decibel; one that fades over time is out."""
    from safetensors.torch import load_file

    best, best_score = None, float("-inf")
    for width in sorted(widths):
        if not (run.state / f"vae-{width}.pt").exists():
            continue
        figures = run.kept(f"vae-{width}.pt")
        score = 0.4 * figures["whole"] + 0.3 * figures["mouth"] + 0.3 * figures["eyes"]
        if run.plan.steps is None and abs(figures["first"] - figures["last"]) > 1.5:
            run.log(f"vae {width}: not flat over time")
            score -= 10
        if score > best_score + 0.5:
            best, best_score = width, score
    run.log(f"vae: width {best} is taken")
    weights = load_file(run.state / f"vae-{best}.safetensors")
    write_weights(pack(weights), run.out / VAE_FILE)
    run.keep("vae.pt", weights)


def _vae(run: Run) -> torch.nn.Module:
    """The VAE chosen, with the weights that its file will give: rounded to bytes, as it will serve."""
    from humo_engine.vae import build_vae

    weights = unpack(pack(run.kept("vae.pt")))
    vae = build_vae(weights["encoder.conv_in.weight"].shape[0])
    vae.load_state_dict(weights)
    return vae.requires_grad_(False)


def _text_encoder(run: Run) -> torch.nn.Module:
    weights = run.kept("text.pt")
    weights = unpack(pack({k: v for k, v in weights.items() if k != "encoder.embed_tokens.weight"}))
    encoder = build_text_encoder(byte_tokenizer()[1])
    encoder.load_state_dict(_whole_text(weights))
    return encoder.eval().requires_grad_(False)


KINDS = (USUAL, SHORT)


def _pools(run: Run) -> list[dict[Size, Stock]]:
    """The clips of each of `KINDS`. Every process has helpers that make a part each, and reads all parts."""
    plan = run.plan
    count = run.ranks * plan.pool_processes
    mine = [
        part
        for part in range(run.rank, count, run.ranks)
        if not all((run.state / _part(kind, part, count)).exists() for kind in KINDS)
    ]
    if len(mine) == 1:
        _make_pool_parts(run, mine[0], count)
    elif mine:
        with multiprocessing.get_context("spawn").Pool(len(mine), torch.set_num_threads, (1,)) as helpers:
            helpers.starmap(_make_pool_parts, [(run, part, count) for part in mine], chunksize=1)
    run.wait_for_all()
    return [merge([_stocks(run.kept(_part(kind, part, count))) for part in range(count)]) for kind in KINDS]


def _stocks(kept: dict) -> dict[Size, Stock]:
    return {tuple(map(int, key.split("x"))): Stock(**value) for key, value in kept.items()}


def _part(kind: Kind, part: int, count: int) -> str:
    return f"{kind.name}-{part}-of-{count}.pt"


def _make_pool_parts(run: Run, part: int, count: int) -> None:
    plan = run.plan
    sounds = Sounds(**run.kept("sounds.pt"))
    vae = _vae(run).to(run.device)
    times = ((plan.vae_until, plan.pool_until), (plan.pool_until, plan.shorts_until))
    for kind, (begin, until), most in zip(KINDS, times, (plan.pool_most, plan.shorts_most), strict=True):
        if (run.state / _part(kind, part, count)).exists():
            continue
        stocks = make_stocks(
            vae, sounds, run.left(until, (until - begin) / 2), run.device, part, count, most=most // plan.pool_processes,
            shapes=plan.shapes, kind=kind, log=run.log,
        )  # fmt: skip
        run.keep(_part(kind, part, count), _kept_stocks(stocks))


def _kept_stocks(stocks: dict[Size, Stock]) -> dict[str, dict]:
    return {f"{w}x{h}": dict(vars(stock)) for (w, h), stock in stocks.items()}


ENOUGH = "enough"
"""The file of the state folder that ends the drawers."""
FIRST_DRAWN = 5000  # the clips of each drawer are counted from here on: others than those that a pool begins with
MORE_EVERY = 45.0  # seconds after which clips that were drawn meanwhile are taken in


def _draw_first(run: Run) -> None:
    """Sounds, the drawers' start and what they hand over first, the text encoder: all by the first process, the others take what it leaves."""
    plan = run.plan
    if run.rank == 0:
        if not (run.state / "sounds.pt").exists():
            run.keep("sounds.pt", dataclasses.asdict(make_sounds(plan.sounds, plan.processes or plan.drawers, run.log)))
        (run.state / ENOUGH).unlink(missing_ok=True)
        context = multiprocessing.get_context("spawn")
        drawers = [context.Process(target=_keep_drawing, args=(run, index), daemon=True) for index in range(plan.drawers)]
        for drawer in drawers:
            drawer.start()
        prompts = None if (run.state / "text.pt").exists() else label_prompts(plan.text[0])
    run.use_device()
    if run.rank == 0:
        run.log("GPUs are free" if plan.wait_for else "begins")
        if prompts is not None:
            _text(run, prompts)
        while len(list(run.state.glob("drawn-*-0.pt"))) < sum(drawer.is_alive() for drawer in drawers):
            time.sleep(0.5)
        if not list(run.state.glob("drawn-*-0.pt")):
            raise RuntimeError("no clip was drawn: the processes that draw have ended")


def _keep_drawing(run: Run, drawer: int) -> None:
    """One process that draws clips of both kinds and hands them over in files, until it is told that there are enough, or is alone."""
    os.nice(10)
    torch.set_num_threads(1)
    plan, parent = run.plan, os.getppid()
    sounds, vae = Sounds(**run.kept("sounds.pt")), _vae(run)
    number = len(list(run.state.glob(f"drawn-{drawer}-*.pt")))
    while not (run.state / ENOUGH).exists() and os.getppid() == parent:
        chunk = {}
        for kind, usual in zip(KINDS, plan.chunk, strict=True):
            stocks = make_stocks(
                vae, sounds, math.inf, torch.device("cpu"), drawer, plan.drawers, most=usual if number else len(plan.shapes), shapes=plan.shapes,
                kind=kind, begin=FIRST_DRAWN + number * usual, each=0 if number else 1, log=lambda _: None,
            )  # fmt: skip
            chunk[kind.name] = _kept_stocks(stocks)
        run.keep(f"drawn-{drawer}-{number}.pt", chunk)
        number += 1


def _drawn(run: Run) -> list[dict[Size, Stock]]:
    """The clips of each of `KINDS` that have been drawn so far."""
    return _read_drawn(run, sorted(file.name for file in run.state.glob("drawn-*.pt")))


def _read_drawn(run: Run, names: Sequence[str]) -> list[dict[Size, Stock]]:
    chunks = [run.kept(name) for name in names]
    return [merge([_stocks(chunk[kind.name]) for chunk in chunks]) for kind in KINDS]


class More:
    """Reads what drawers hand over, beside the training, and gives it to a trainer when asked."""

    def __init__(self, run: Run, give: Callable[[list[dict[Size, Stock]]], None]):
        self._run, self._give = run, give
        self._seen = {file.name for file in run.state.glob("drawn-*.pt")}
        self._asked, self._read = time.monotonic(), None
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        """Hand over what was read, if it was; begin to read what has come, if it is time."""
        if self._thread is not None and not self._thread.is_alive():
            self._thread = None
            if self._read is not None:
                self._give(self._read)
                self._read = None
        if self._thread is None and time.monotonic() - self._asked > MORE_EVERY:
            self._asked = time.monotonic()
            self._thread = threading.Thread(target=self._look, daemon=True)
            self._thread.start()

    def _look(self) -> None:
        names = sorted({file.name for file in self._run.state.glob("drawn-*.pt")} - self._seen)
        self._seen |= set(names)
        if names:
            self._read = _read_drawn(self._run, names)


def _transformers(run: Run, stocks: dict, shorts: dict) -> None:
    """With several processes, one half trains each model; alone, one model after the other."""
    plan = run.plan
    if run.ranks == 1:
        now = time.time() - run.started
        for index, family in enumerate(FAMILIES):
            until = now + (plan.train_until - now) * (index + 1) / len(FAMILIES)
            _train_family(run, family, stocks, shorts, until, [run.rank], None)
        return
    half = run.ranks // 2
    members = [list(range(half)), list(range(half, run.ranks))]
    groups = [dist.new_group(m, backend="nccl" if run.device.type == "cuda" else "gloo") if len(m) > 1 else None for m in members]
    index = 0 if run.rank < half else 1
    _train_family(run, FAMILIES[index], stocks, shorts, plan.train_until, members[index], groups[index])


def _train_family(run: Run, family: str, stocks: dict, shorts: dict, until: float, members: list[int], group) -> None:
    plan = run.plan
    sounds = Sounds(**run.kept("sounds.pt"))
    text_encoder = _text_encoder(run).to(run.device)

    def ready(kind: dict[Size, Stock]) -> dict[Size, Stock]:
        return {size: stock.with_states(text_encoder, run.device) for size, stock in kind.items()}

    trainer = Trainer(
        family, ready(stocks), sounds, negative_states(text_encoder), run.device, batch=max(1, plan.batch // len(members)), shapes=plan.shapes,
        rank=run.rank, group=group, group_size=len(members), weights=None if plan.start is None else _read(plan.start / transformer_file(family)),
        shorts=ready(shorts), compiled=plan.compiled, log=run.log,
    )  # fmt: skip

    def take(kinds: list[dict[Size, Stock]]) -> None:
        trainer.add(*map(ready, kinds))
        if run.device.type == "cuda":
            torch.cuda.empty_cache()
        run.log(f"{family}: {count_clips(trainer.stocks)} clips, {count_clips(trainer.shorts)} short ones")

    name = f"transformer-{family}.pt"
    resumed = (run.state / name).exists()
    if resumed:
        trainer.optimiser.load(run.kept(name))
        trainer.steps = trainer.optimiser.steps
        run.log(f"{family}: resumes after {trainer.steps} steps")
    first = run.rank == members[0]

    def save(trainer: Trainer) -> None:
        if first:
            run.keep(name, trainer.optimiser.state())
            _write_transformer(trainer, run.out / transformer_file(family))

    schedule: Callable[[float], float] = falling_rate if resumed or plan.start is not None else rate_at
    seconds, already = run.left(until), 0.0
    if plan.train_seconds is not None:
        already = time.time() - _began(run, family, first)
        seconds = max(1.0, min(plan.train_seconds, already + seconds))
    more = More(run, take) if plan.drawers else None
    run.log(f"{family}: {count_clips(trainer.stocks)} clips, {count_clips(trainer.shorts)} short ones; {seconds - already:.0f} s")
    train_transformer(trainer, seconds, steps=plan.steps, schedule=schedule, save=save, already=already, more=more, log=run.log)
    save(trainer)
    if first and plan.check_clips:
        parts: Components = mini_components(family, run.out)
        for scales in [CHECK_SCALES[family]]:
            check_model(
                parts,
                _held_out_sounds(run, sounds),
                NEGATIVE_PROMPTS[0],
                run.device,
                scales,
                run.state,
                clips=plan.check_clips,
                steps=plan.check_steps,
                size=plan.shapes[0][0],
                latents=plan.check_latents,
                log=run.log,
            )


def count_clips(stocks: dict[Size, Stock]) -> int:
    return sum(len(stock.sound) for stock in stocks.values())


def _began(run: Run, family: str, first: bool) -> float:
    """When the training of a transformer began, also if that was in an earlier run; of several processes each may ask alone."""
    name = f"began-{family}.pt"
    if not (run.state / name).exists():
        if not first:
            return time.time()
        run.keep(name, time.time())
    return run.kept(name)


def _held_out_sounds(run: Run, sounds: Sounds) -> Sounds:
    """The last sounds: trained on, too, so that this check needs no other; the full measure brings its own voices."""
    return Sounds(sounds.windows[-run.plan.check_clips :], sounds.openings[-run.plan.check_clips :])


def _write_transformer(trainer: Trainer, file: Path) -> None:
    trainer.optimiser.swap()
    try:
        write_weights(pack(trainer.model.state_dict()), file)
    finally:
        trainer.optimiser.swap()
