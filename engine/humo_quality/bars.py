"""What the small model has to reach at its default scales and steps, and whether it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from humo_quality.statistics import Interval


@dataclass(frozen=True)
class Bar:
    """One figure's limit. `at` names the limit's direction; "within" is about the figure's size, whatever its sign."""

    figure: str
    at: Literal["least", "most", "within"]
    limit: float

    def holds(self, value: float) -> bool:
        """Whether a figure's mean passes."""
        match self.at:
            case "least":
                return value >= self.limit
            case "most":
                return value <= self.limit
            case "within":
                return abs(value) <= self.limit

    def __str__(self) -> str:
        return {"least": "≥", "most": "≤", "within": "0 ±"}[self.at] + f" {self.limit:g}"


BARS = (
    Bar("lip-sync", "least", 0.80),
    Bar("lip-sync, judge", "least", 0.75),
    Bar("best lag", "within", 1),
    Bar("shifted sound found", "least", 0.95),
    Bar("lip-sync, shuffled sound", "most", 0.10),
    Bar("own reference nearer", "least", 0.95),
    Bar("hair shape kept", "least", 0.80),
    Bar("glasses kept", "least", 0.80),
    Bar("both eyes there", "least", 0.95),
    Bar("scene right", "least", 0.95),
    Bar("clip with a second mouth", "most", 0.0),
)
LARGEST_SKIN_GAP = 0.1
BY_SKIN = (
    "lip-sync",
    "lip-sync, judge",
    "own reference nearer",
    "hair shape kept",
    "glasses kept",
    "both eyes there",
    "scene right",
)


@dataclass(frozen=True)
class Verdict:
    """A bar beside what was measured; `value` is None where no clip has the figure, which is no pass."""

    name: str
    wanted: str
    value: float | None
    holds: bool


def judge_bars(figures: Mapping[str, Interval], by_skin: Mapping[str, Mapping[str, float]]) -> list[Verdict]:
    """Every bar. by_skin: group of skin colours → figure → its mean."""
    verdicts = []
    for bar in BARS:
        value = figures[bar.figure].mean if bar.figure in figures else None
        verdicts.append(Verdict(bar.figure, str(bar), value, value is not None and bar.holds(value)))
    for name in BY_SKIN:
        means = [group[name] for group in by_skin.values() if name in group]
        gap = max(means) - min(means) if len(means) > 1 else None
        holds = gap is not None and gap <= LARGEST_SKIN_GAP + 1e-9
        verdicts.append(Verdict(f"{name}: largest gap between skin colours", f"≤ {LARGEST_SKIN_GAP:g}", gap, holds))
    return verdicts


def bars_table(verdicts: Sequence[Verdict]) -> str:
    """One line a bar."""
    wide = max(len(verdict.name) for verdict in verdicts)
    return "\n".join(
        f"{verdict.name:<{wide}}  {verdict.wanted:>7}  "
        f"{'not measured' if verdict.value is None else f'{verdict.value:.3f}':>12}  {'holds' if verdict.holds else 'DOES NOT HOLD'}"
        for verdict in verdicts
    )
