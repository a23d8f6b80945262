"""One optimiser for every part: Muon for matrices (Jordan et al., 2024), AdamW for the rest, and an average of the weights beside them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

ADAM_BETAS = (0.9, 0.98)
MUON_MOMENTUM = 0.95
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""The coefficients of the quintic iteration that Muon orthogonalises with."""


class Optimiser:
    """Steps parameters along gradients that lie one after the other in `flat`, so that several processes can average them at once.

    `matrices` are stepped by Muon, `others` by AdamW; each other parameter brings a factor of its own for AdamW's rate.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        others: Iterable[tuple[nn.Parameter, float]],
        muon_rate: float,
        adam_rate: float,
        average: float,
    ):
        self.matrices = list(matrices)
        others = list(others)
        self.others, self.factors = [p for p, _ in others], [factor for _, factor in others]
        self.parameters = self.matrices + self.others
        self.muon_rate, self.adam_rate, self.average = muon_rate, adam_rate, average
        device = self.parameters[0].device
        self.flat = torch.zeros(sum(p.numel() for p in self.parameters), device=device)
        offset = 0
        for p in self.parameters:
            p.grad = self.flat[offset : offset + p.numel()].view(p.shape)
            offset += p.numel()
        self.momentum = [torch.zeros_like(p) for p in self.matrices]
        self.first = [torch.zeros_like(p) for p in self.others]
        self.second = [torch.zeros_like(p) for p in self.others]
        self.averages = [p.detach().clone() for p in self.parameters]
        self.steps = 0
        self.groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, p in enumerate(self.matrices):
            self.groups[p.shape[0], p[0].numel()].append(index)

    def zero(self) -> None:
        """Forget the gradients, which stay where they are in memory."""
        self.flat.zero_()

    @torch.no_grad()
    def step(self, scale: float, clip: float = 1.0) -> None:
        """One step with both rates times `scale`, the gradient cut to a norm of `clip`."""
        self.steps += 1
        norm = self.flat.norm()
        self.flat.mul_(torch.where(norm.isfinite(), (clip / (norm + 1e-6)).clamp(max=1.0), 0.0)).nan_to_num_(0.0, 0.0, 0.0)
        self._adam(scale)
        self._muon(scale)
        decay = min(self.average, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(self.averages, self.parameters, 1 - decay)

    def _adam(self, scale: float) -> None:
        gradients = [p.grad for p in self.others]
        first, second = ADAM_BETAS
        torch._foreach_lerp_(self.first, gradients, 1 - first)
        torch._foreach_mul_(self.second, second)
        torch._foreach_addcmul_(self.second, gradients, gradients, 1 - second)
        spread = torch._foreach_sqrt(self.second)
        torch._foreach_mul_(spread, (1 - second**self.steps) ** -0.5)
        torch._foreach_add_(spread, 1e-8)
        update = torch._foreach_div(self.first, spread)
        rate = -self.adam_rate * scale / (1 - first**self.steps)
        torch._foreach_mul_(update, [rate * factor for factor in self.factors])
        torch._foreach_add_(self.others, update)

    def _muon(self, scale: float) -> None:
        if not self.matrices:
            return
        torch._foreach_lerp_(self.momentum, [p.grad for p in self.matrices], 1 - MUON_MOMENTUM)
        for (rows, columns), indices in self.groups.items():
            look_ahead = torch.stack(
                [torch.lerp(self.matrices[i].grad, self.momentum[i], MUON_MOMENTUM).view(rows, columns) for i in indices]
            )
            update = _orthogonal(look_ahead) * (-self.muon_rate * scale * max(1.0, rows / columns) ** 0.5)
            for i, change in zip(indices, update.float(), strict=True):
                self.matrices[i].add_(change.view(self.matrices[i].shape))

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the weights and their averages; done twice, all is as before."""
        for p, mean in zip(self.parameters, self.averages, strict=True):
            kept = p.detach().clone()
            p.copy_(mean)
            mean.copy_(kept)

    def state(self) -> dict:
        """All that a later run needs to go on as if nothing had happened."""
        lists = {"parameters": [p.detach() for p in self.parameters], "momentum": self.momentum, "first": self.first}
        return {**lists, "second": self.second, "averages": self.averages, "steps": self.steps}

    @torch.no_grad()
    def load(self, state: dict) -> None:
        for name in ("parameters", "momentum", "first", "second", "averages"):
            for mine, given in zip(getattr(self, name), state[name], strict=True):
                mine.copy_(given)
        self.steps = state["steps"]


def _orthogonal(matrices: Tensor) -> Tensor:
    """The nearest half-orthogonal matrices to (n, rows, columns), roughly, by five quintic Newton–Schulz iterations."""
    a, b, c = NEWTON_SCHULZ
    x = matrices.to(torch.bfloat16 if matrices.is_cuda else torch.float32)
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


def rate_at(progress: float, warm_up: float = 0.03, constant: float = 0.5, last: float = 0.02) -> float:
    """The rate's factor at a share of the time: a short rise, constant, and then falling in a straight line to `last`."""
    if progress < warm_up:
        return max(0.02, progress / warm_up)
    if progress < constant:
        return 1.0
    return max(last, 1 - (1 - last) * (progress - constant) / (1 - constant))


def falling_rate(progress: float, warm_up: float = 0.04, most: float = 0.5) -> float:
    """The rate's factor for weights that go on: a short rise to `most` and then a cosine down to nothing."""
    if progress < warm_up:
        return most * max(0.02, progress / warm_up)
    return most * (0.5 + 0.5 * math.cos(math.pi * min(1.0, (progress - warm_up) / (1 - warm_up))))


class Replay:
    """A function of fixed tensors, captured as one CUDA graph where that can be; called as it is elsewhere."""

    def __init__(self, function, device: torch.device):
        self.function, self.graph, self.result = function, None, None
        if device.type != "cuda":
            return
        try:
            stream = torch.cuda.Stream(device)
            stream.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(stream):
                for _ in range(3):
                    function()
            torch.cuda.current_stream(device).wait_stream(stream)
            torch.cuda.synchronize(device)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self.result = function()
            self.graph = graph
        except Exception as error:  # a driver or an operation that cannot be captured: slower, and no worse
            print(f"no CUDA graph: {error}", flush=True)
            torch.cuda.synchronize(device)

    def __call__(self):
        if self.graph is None:
            return self.function()
        self.graph.replay()
        return self.result
