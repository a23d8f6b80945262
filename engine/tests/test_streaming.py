"""Streamed layers give the same output as resident ones, in every mix of both."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from humo_engine.streaming import StreamedLayers

CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
DEVICES = ["cpu", pytest.param("cuda", marks=CUDA)]


class Layer(nn.Module):
    """Uneven shapes, mixed types and a buffer, so that packing and alignment matter."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.into, self.out = nn.Linear(width, hidden), nn.Linear(hidden, width, dtype=torch.bfloat16)
        self.gain = nn.Parameter(torch.randn(1))
        self.register_buffer("shift", torch.randn(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.gain * self.out(torch.tanh(self.into(x)).to(torch.bfloat16)).float() + self.shift


def made(count: int) -> list[Layer]:
    torch.manual_seed(0)
    return [Layer(24, 7 + 5 * number) for number in range(count)]


def run(layers, x):
    with torch.no_grad():
        for layer in layers:
            x = layer(x)
    return x.cpu()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("count", "resident", "slots"), [(5, 0, 1), (5, 0, 2), (6, 3, 2), (7, 6, 2), (4, 4, 2), (9, 2, 3)])
def test_output_is_the_same_to_the_bit_over_several_runs(device, count, resident, slots):
    plain = nn.ModuleList(made(count)).to(device)
    streamed = StreamedLayers(made(count), device, resident, slots)
    for seed in range(3):
        x = torch.randn(3, 24, generator=torch.Generator().manual_seed(seed)).to(device)
        assert torch.equal(run(plain, x), run(streamed.layers, x))
    assert len(streamed.streamed) == count - resident


def test_a_run_given_up_half_way_does_not_disturb_the_next():
    layers = made(6)
    expected = run(copy.deepcopy(layers), torch.ones(1, 24))
    StreamedLayers(layers, "cpu", resident=0)
    for stop in range(6):
        run(layers[:stop], torch.ones(1, 24))
        assert torch.equal(run(layers, torch.ones(1, 24)), expected)


def test_only_the_slots_are_on_the_device():
    layers = made(8)
    streamed = StreamedLayers(layers, "cpu", resident=2, slots=2)
    largest = max(streamed._packed[index].numel() for index in streamed.streamed)
    assert streamed.slot_bytes == 2 * largest
    assert streamed.streamed_bytes == sum(streamed._packed[index].numel() for index in streamed.streamed)
    run(layers, torch.ones(1, 24))
    slots = {slot.untyped_storage().data_ptr() for slot in streamed._slots}
    used = {layer.into.weight.untyped_storage().data_ptr() for index, layer in enumerate(layers) if index in streamed.streamed}
    assert used == slots


def test_resident_layers_are_spread_between_streamed_ones():
    streamed = StreamedLayers(made(8), "cpu", resident=4)
    assert streamed.streamed == [0, 2, 4, 6]


def test_removing_leaves_working_layers_in_main_memory():
    layers = made(5)
    expected = run(copy.deepcopy(layers), torch.ones(1, 24))
    streamed = StreamedLayers(layers, "cpu")
    run(layers, torch.ones(1, 24))
    streamed.remove()
    assert torch.equal(run(layers, torch.ones(1, 24)), expected)
    assert streamed.slot_bytes == 0
    state = layers[0].state_dict()
    assert set(state) == {"gain", "shift", "into.weight", "into.bias", "out.weight", "out.bias"}


@pytest.mark.parametrize("device", DEVICES)
def test_a_part_of_a_layer_can_be_used_alone(device):
    expected = [layer.into.to(device)(torch.ones(1, 24, device=device)).cpu() for layer in made(5)]
    layers = made(5)
    streamed = StreamedLayers(layers, device, resident=2)
    for _ in range(2):
        for index, layer in enumerate(layers):
            out = streamed.with_weights(index, layer.into)(torch.ones(1, 24, device=device))
            assert torch.equal(out.cpu(), expected[index])


@CUDA
def test_memory_is_unlocked_when_it_is_given_back():
    for _ in range(3):  # the next allocations land on the same pages; copies from pages still locked would fail
        layers = [nn.Linear(2048, 2048) for _ in range(4)]
        StreamedLayers(layers, "cuda").remove()
        del layers
        assert torch.equal(torch.ones(4096, 4096).cuda().cpu(), torch.ones(4096, 4096))


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="resident"):
        StreamedLayers(made(2), "cpu", resident=3)
