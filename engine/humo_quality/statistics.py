"""What can be said from a few clips: intervals over clips, and differences of pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch

RESAMPLES = 10_000
Z95 = 1.959964


@dataclass(frozen=True)
class Interval:
    """A mean over `count` clips, with its 95% interval."""

    mean: float
    low: float
    high: float
    count: int

    def as_data(self) -> dict[str, float | int | None]:
        """For JSON, which has no ∞: None where one clip has no interval."""
        return {name: value if math.isfinite(value) else None for name, value in asdict(self).items()}

    def as_change(self) -> str:
        """For people, of what became more or less."""
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def mean_interval(values: Sequence[float]) -> Interval:
    """Bootstrap over clips: percentiles of 10,000 resampled means, widened by √(n / (n − 1)) as few clips need.

    (Hesterberg, "What Teachers Should Know About the Bootstrap", 2015.) ValueError without values; one has no interval: ±∞.
    """
    if not values:
        raise ValueError("there is nothing to average: no clip has this figure")
    numbers = torch.tensor(values, dtype=torch.float64)
    mean, count = float(numbers.mean()), len(values)
    if count == 1:
        return Interval(mean, -math.inf, math.inf, 1)
    picks = torch.randint(count, (RESAMPLES, count), generator=torch.Generator().manual_seed(count))
    away = (numbers[picks].mean(1) - mean) * math.sqrt(count / (count - 1))
    low, high = torch.quantile(away, torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return Interval(mean, mean + low, mean + high, count)


def share_interval(values: Sequence[float]) -> Interval:
    """For yes or no (1 or 0) of each clip: Wilson's interval, which says something even when all clips agree."""
    if not values:
        raise ValueError("there is nothing to count: no clip has this figure")
    count = len(values)
    share = sum(values) / count
    scale = 1 + Z95**2 / count
    middle = (share + Z95**2 / (2 * count)) / scale
    reach = Z95 * math.sqrt(share * (1 - share) / count + Z95**2 / (4 * count**2)) / scale
    return Interval(share, max(0.0, middle - reach), min(1.0, middle + reach), count)


def paired(a: Sequence[float | None], b: Sequence[float | None]) -> tuple[Interval, bool] | None:
    """The mean of b − a over the clips that have both, with its interval, and whether it is real: 0 lies outside.

    None where fewer than two clips have both.
    """
    differences = [y - x for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    if len(differences) < 2:
        return None
    interval = mean_interval(differences)
    return interval, interval.low > 0 or interval.high < 0
