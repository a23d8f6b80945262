"""The case `gpus`: one clip on several GPUs of a machine, beside one GPU and beside as many engines of one GPU, in one run.

The weights are drawn on the first GPU and given to the others as the engine gives them. All GPUs stay in the group; where a
row names fewer, the others wait. The rows that tell most come first, so that a budget of seconds cuts off the rest.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from humo_engine.bench.device import forget, peak, reset_peak, wait
from humo_engine.bench.measure import relative_error, seconds_of
from humo_engine.bench.random_parts import random_components, random_inputs, random_transformer
from humo_engine.bench.request import encode_request
from humo_engine.bench.subject import Bench, Choices, make_fast
from humo_engine.components import Components
from humo_engine.fast import attention_kernel, fastest_attention
from humo_engine.fp8 import supports_float8
from humo_engine.group import Group, GroupConditions, Lane
from humo_engine.guidance import NULL, TI, TIA, I, Pass
from humo_engine.images import to_rgb24
from humo_engine.memory.placing import place_transformer
from humo_engine.mesh import plan_rounds
from humo_engine.sampling import make_scheduler
from humo_engine.vae import decode_pieces
from humo_engine.vae_fast import speed_up_decoder

EXACT, FAST = (TIA, TI, I), (TIA, TI)  # what a step of the exact mode makes, and one with audio guidance alone
EXACT_STEPS, FAST_STEPS = 50, 4
AUDIO_SCALE = 5.5
SIDE_BY_SIDE = (TIA, TI, I, NULL)


def measure(bench: Bench, choices: Choices) -> None:
    """Emit a line for each row of each size, in each precision, until the budget has passed.

    After the last precision of the first size come whole fast clips in it.
    """
    if bench.device.type == "cuda" and torch.cuda.device_count() < 2:
        bench.emit(case="gpus", model=bench.family, skipped="there is one GPU")
        return
    first, *others = [bench.at(size) for size in dict.fromkeys(choices.sizes)]
    end = None if choices.budget is None else time.perf_counter() + choices.budget
    group = Group(torch.cuda.device_count() if first.device.type == "cuda" else 2, first.device)
    usable = [name for name in choices.precisions if name != "fp8" or supports_float8(first.device)]
    if not usable:
        first.emit(case="gpus", precision="fp8", skipped="this device does not multiply e4m3")
    try:
        for of_size in (first, *others):
            for precision in usable:
                rows = _Rows(of_size, group, precision, end, few=of_size is not first)
                rows.run(clips=of_size is first and precision == usable[-1])
                del rows
                group.rank.drop(of_size.family)
                forget(of_size.device)
    finally:
        group.close()


class _Rows:
    """The rows of one size in one precision; `few` of them, and those measured once, where they take long."""

    def __init__(self, bench: Bench, group: Group, precision: str, end: float | None, few: bool):
        self.bench, self.group, self.end, self.few = bench, group, end, few
        self.heads = bench.size.heads
        self.about = {
            "case": "gpus",
            "model": bench.family,
            "size": bench.shown_size,
            "precision": precision if bench.device.type == "cuda" else "fp32",
        }
        self.fp8 = precision == "fp8" and bench.device.type == "cuda"
        self.now = torch.full((1,), 900, device=bench.device)
        self.seconds: dict[int, float] = {}
        self.reference: Tensor | None = None

    def run(self, clips: bool) -> None:
        bench = self.bench
        if self._late():
            return
        start = time.perf_counter()
        self.model = random_transformer(bench.size, bench.dtype, bench.device, fp8=self.fp8)
        self.group.share(bench.family, self.model, lambda parts: place_transformer(parts, len(parts.blocks), bench.device))
        make_fast(bench, self.model)
        self.group.adopt(bench.family, self.model)
        wait(bench.device)
        self.loaded = time.perf_counter() - start
        self.conditions, self.latents = self._conditions()
        reset_peak(bench.device)
        for row in self._rows():
            if self._late():
                break
            row()
        self.conditions.close()
        if clips and not self._late():
            self.clips()

    def _late(self) -> bool:
        late = self.end is not None and time.perf_counter() > self.end
        if late:
            self.bench.emit(**self.about, skipped="the budget is spent")
        return late

    def _conditions(self) -> tuple[GroupConditions, Tensor]:
        inputs, latents = random_inputs(self.bench)
        return self.group.prepare(self.bench.family, SIDE_BY_SIDE, **inputs), latents

    def _rows(self) -> Iterator[Callable[[], None]]:
        """The rows, what tells most first."""
        counts = [count for count in (1, 2, 4, 8, 3, 5, 6, 7) if count <= self.group.count]
        split = [count for count in counts if self.heads % count == 0]
        for count in split:
            yield partial(self.one_pass, count, None)
        for count in [count for count in counts if count > 1]:
            yield partial(self.step, count, EXACT, "exact", EXACT_STEPS)
        if self.few:
            return
        for count in split[1:]:
            yield partial(self.step, count, FAST, "fast", FAST_STEPS)
        for count in split[1:]:
            yield partial(self.side_by_side, count)
        for count in split[1:]:
            for chunks in (1, 2, 5):
                if self.heads // count % chunks == 0:
                    yield partial(self.one_pass, count, chunks)

    def time(
        self, rounds: Sequence[Sequence[Lane]], chunks: int | None = None, warm_up: int = 1
    ) -> tuple[float, dict[Pass, Tensor]]:
        """Median seconds of the rounds, and the velocities."""
        velocities: dict[Pass, Tensor] = {}

        def once() -> None:
            for lanes in rounds:
                velocities.update(self.conditions.run(lanes, self.latents, self.now, chunks))

        with torch.no_grad(), fastest_attention(self.bench.device, self.bench.dtype):
            return seconds_of(once, self.bench.device, repeats=1 if self.few else 3 - warm_up, warm_up=warm_up), velocities

    def one_pass(self, count: int, chunks: int | None) -> None:
        """One pass over `count` GPUs by Ulysses; with the chunks given, or as the engine does."""
        seconds, velocities = self.time([[Lane(TIA, 0, count)]], chunks)
        out = velocities[TIA]
        fields: dict[str, Any] = {"gpus": count, "what": "one pass, Ulysses", "seconds_per_pass": round(seconds, 4)}
        if chunks is not None:
            fields["chunks"] = chunks
        if count == 1:
            self.reference = out
            fields |= {"loaded_seconds": round(self.loaded, 1), "attention": attention_kernel(self.bench.device)}
            fields["peak_gib"] = peak(self.bench.device)
        else:
            fields |= {
                "times_one": round(self.seconds[1] / seconds, 3),
                "identical": bool(torch.equal(out, self.reference)),
                "error_to_one": relative_error(out, self.reference),
            }
        if chunks is None:
            self.seconds[count] = seconds
        self.bench.emit(**self.about, **fields)

    def step(self, count: int, passes: Sequence[Pass], preset: str, steps: int) -> None:
        """A step's passes as the engine shares them, beside Ulysses alone (as often as it has passes)."""
        rounds = plan_rounds(len(passes), count, self.heads)
        seconds, _ = self.time(_lanes(passes, rounds, count), warm_up=0)
        one = len(passes) * self.seconds[1]
        fields = {} if count not in self.seconds else {"ulysses_alone_times_one": round(self.seconds[1] / self.seconds[count], 3)}
        self.bench.emit(
            **self.about,
            gpus=count,
            what=f"a step of {preset}",
            passes=len(passes),
            rounds=[f"{count // split} passes, each on {split}" for split in rounds],
            seconds_per_step=round(seconds, 4),
            seconds_denoise=round(seconds * steps, 1),
            times_one=round(one / seconds, 3),
            **fields,
        )

    def side_by_side(self, count: int) -> None:
        """As many passes as GPUs, each on one: what engines of one GPU make at the same time."""
        seconds, _ = self.time([[Lane(SIDE_BY_SIDE[number % 4], number, 1) for number in range(count)]], warm_up=0)
        self.bench.emit(
            **self.about,
            gpus=count,
            what="engines of one GPU, a pass each",
            seconds_per_pass=round(seconds, 4),
            times_one=round(self.seconds[1] * count / seconds, 3),
        )

    def clips(self) -> None:
        """Whole clips of four steps with audio guidance, from prompt, sound and picture to frames, on one GPU and on more."""
        parts = random_components(self.bench, None, transformer=self.model)
        speed_up_decoder(parts.vae)
        frames: dict[int, Tensor] = {}
        totals: dict[int, float] = {}
        for count in [count for count in (1, 2, 4, 8) if count <= self.group.count]:
            if self._late():
                return
            self._clip(parts, count, 1)  # compiles what is not yet
            frames[count], times = self._clip(parts, count, FAST_STEPS)
            totals[count] = sum(times)
            self.bench.emit(
                **self.about,
                gpus=count,
                what="a whole fast clip",
                seconds=round(totals[count], 2),
                encode_seconds=round(times[0], 2),
                denoise_seconds=round(times[1], 2),
                decode_seconds=round(times[2], 2),
                share_of_one=round(totals[count] / totals[1], 3),
                largest_difference=int((frames[count].int() - frames[1].int()).abs().max()),
            )

    def _clip(self, parts: Components, count: int, steps: int) -> tuple[Tensor, list[float]]:
        """Frames, and seconds to encode, denoise and decode them."""
        bench, marks = self.bench, [time.perf_counter()]

        def mark() -> None:
            wait(bench.device)
            marks.append(time.perf_counter())

        conditions, latents = encode_request(bench, parts, FAST, partial(self.group.prepare, bench.family))
        mark()
        scheduler = make_scheduler(steps, 5.0, 1.0, bench.device)
        with torch.no_grad(), fastest_attention(bench.device, bench.dtype):
            for number, timestep in enumerate(scheduler.timesteps.tolist()):
                velocities: dict[Pass, Tensor] = {}
                for lanes in _lanes(FAST, plan_rounds(len(FAST), count, self.heads), count):
                    velocities.update(conditions.run(lanes, latents, scheduler.timesteps[number : number + 1]))
                velocity = velocities[TI] + AUDIO_SCALE * (velocities[TIA] - velocities[TI])
                latents = scheduler.step(velocity[None], timestep, latents[None], return_dict=False)[0][0]
        conditions.close()
        mark()
        with torch.no_grad():
            frames = torch.cat([to_rgb24(piece).cpu() for piece in decode_pieces(parts.vae, latents[:, :-1])])
        mark()
        return frames, [later - before for before, later in itertools.pairwise(marks)]


def _lanes(passes: Sequence[Pass], rounds: Sequence[int], count: int) -> list[list[Lane]]:
    rest, made = list(passes), []
    for split in rounds:
        together = count // split
        made.append([Lane(which, number * split, split) for number, which in enumerate(rest[:together])])
        rest = rest[together:]
    return made
