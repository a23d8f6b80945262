"""The benchmark at toy size: every case gives a line that can be read, with its baseline beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from humo_engine.bench import gpus, limit
from humo_engine.bench.clip import Way, rows
from humo_engine.bench.measure import pass_arithmetic, relative_error, seconds_of, token_count
from humo_engine.bench.registry import CASES, Case
from humo_engine.bench.run import run_bench
from humo_engine.bench.subject import TOY_FRAMES, TOY_SIZE, Bench, Choices, toy
from humo_engine.bench.whole_clip import make_clip
from humo_engine.load import effective_settings
from humo_engine.pipeline import Pipeline
from humo_engine.settings import load_settings
from humo_engine.tiny import tiny_components


def test_tokens_and_arithmetic_are_those_of_the_model_card():
    assert token_count(97, 832, 480) == 40_560
    assert token_count(97, 1280, 720) == 93_600
    linear, attention = pass_arithmetic(40_560, 5120, 13_824, 40)
    # 2.51 PFLOP, 55% of it attention, counted for the published procedure.
    assert (linear + attention) / 1e15 == pytest.approx(2.51, abs=0.01)
    assert attention / (linear + attention) == pytest.approx(0.55, abs=0.01)


def test_time_is_the_median_and_error_is_relative():
    calls = []
    assert seconds_of(lambda: calls.append(1), torch.device("cpu"), repeats=3, warm_up=2) < 0.1
    assert len(calls) == 5
    assert relative_error(torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])) == pytest.approx(1.25)


@pytest.mark.skipif(torch.cuda.is_available(), reason="on a GPU the benchmark runs at full size")
def test_every_case_writes_its_line(heard_once):
    lines: list[str] = []
    assert run_bench(["1_7b"], [480], ["bf16", "fp8"], ["pass", "exactness", "vae", "request"], write=lines.append)
    by_case = {}
    for line in map(json.loads, lines):
        assert line["device"] == "CPU" and line["torch"]
        by_case.setdefault(line["case"], []).append(line)
    measured, skipped = by_case["pass"]
    assert measured["seconds_per_pass"] > 0 and measured["share_of_ceiling"] > 0
    assert measured["matrix_ceiling_tflops"] > 0 and measured["attention_ceiling_tflops"] > 0
    assert measured["identical_again"] is True
    assert "e4m3" in skipped["skipped"]
    assert by_case["exactness"][0]["error_of_fast_bf16_to_plain_fp32"] < 1e-2
    assert by_case["vae_decode"][0]["error"] < 0.1 and by_case["vae_decode"][0]["identical_again"] is True
    assert by_case["request"][0]["seconds_to_first_pass"] > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="on a GPU the benchmark runs at full size")
def test_whole_clips_are_measured_as_the_presets_make_them_beside_the_exact_way(heard_once):
    lines: list[str] = []
    assert run_bench(["17b"], [480, 720], ["bf16"], ["clip"], write=lines.append)
    fast, standard, exact = map(json.loads, lines)
    assert (fast["preset"], fast["steps"], fast["passes"]) == ("fast", 4, 8)
    assert (fast["sampler"], fast["guidance"]) == ("lcm", "audio")
    assert standard["passes"] == standard["exact_passes"] == fast["exact_passes"] == 24
    assert min(fast["seconds"], fast["seconds_per_pass"], *fast["stages"].values()) > 0
    # In the profile `tiny` `standard` leaves nothing out, and is not made twice; as shipped it does.
    assert (exact["preset"], exact["same_as"]) == ("exact", "standard")
    ways = rows(load_settings())
    assert set(ways["standard"].shortcuts) == {"gating", "caching"} and ways["exact"] == Way(ways["standard"].steps, {})
    assert ways["standard, all skipped that may be"] == replace(ways["standard"], skip_all=True)


def test_a_clip_that_skips_all_it_may_makes_every_second_step_after_the_guidance_switch(tmp_path, heard_once):
    settings = effective_settings(None, "tiny")
    bench = Bench(torch.device("cpu"), "17b", *TOY_SIZE, TOY_FRAMES, toy("17b"), lambda **fields: None)
    pipeline = Pipeline(tiny_components("17b"), settings, bench.device, tmp_path, cache=tmp_path)
    shortcuts = {"gating": {"text": 1}, "caching": {"threshold": 0.1}}
    made, skipped = (make_clip(bench, pipeline, tmp_path, 8, shortcuts, skip_all).spared for skip_all in (False, True))
    assert made.passes + 3 * made.cached_steps == 24 > skipped.passes
    assert skipped.passes + 3 * skipped.cached_steps == 24 and skipped.cached_steps > made.cached_steps


def test_a_case_that_fails_is_a_line_and_the_others_go_on(monkeypatch):
    def broken(bench, choices) -> None:
        raise RuntimeError("no such device")

    monkeypatch.setitem(CASES, "exactness", Case(broken))
    monkeypatch.setitem(CASES, "vae", Case(lambda bench, choices: bench.emit(case="vae_decode")))
    lines: list[str] = []
    assert not run_bench(["1_7b"], [480], ["bf16"], ["exactness", "vae"], write=lines.append)
    first, second = map(json.loads, lines)
    assert first["error"] == "RuntimeError: no such device" and second["case"] == "vae_decode"


@pytest.mark.skipif(torch.cuda.is_available(), reason="on a GPU the benchmark runs at full size")
def test_a_long_take_is_measured_beside_a_clip_of_the_usual_length(heard_once):
    lines: list[str] = []
    assert run_bench(["17b"], [480], ["bf16", "fp8"], ["long"], write=lines.append)
    measured, skipped = map(json.loads, lines)
    assert (measured["frames"], measured["windows"]) == (17, 4)
    assert measured["seconds_per_second"] / measured["seconds_per_second_usual"] == pytest.approx(
        measured["times_dearer"], rel=0.02
    )
    assert "e4m3" in skipped["skipped"]


def test_of_several_gpus_the_first_size_has_every_row_and_whole_clips_at_its_end(monkeypatch):
    made = []

    class Rows:
        def __init__(self, bench, group, precision, end, few):
            self.about = (bench.shown_size, precision, few)

        def run(self, clips):
            made.append((*self.about, clips))

    group = SimpleNamespace(rank=SimpleNamespace(drop=lambda family: None), close=lambda: made.append("closed"))
    monkeypatch.setattr(gpus, "Group", lambda count, device: group)
    monkeypatch.setattr(gpus, "_Rows", Rows)
    monkeypatch.setattr(gpus, "supports_float8", lambda device: True)
    bench = Bench(torch.device("cpu"), "17b", 832, 480, 97, toy("17b"), lambda **fields: None)
    gpus.measure(bench, Choices(((832, 480), (1280, 720), (832, 480)), ("bf16", "fp8"), (), print))
    assert made == [
        ("832×480", "bf16", False, False),
        ("832×480", "fp8", False, True),
        ("1280×720", "bf16", True, False),
        ("1280×720", "fp8", True, False),
        "closed",
    ]


def test_a_limit_plans_for_the_precision_that_is_measured(monkeypatch):
    measured = []
    monkeypatch.setattr(limit, "limit_process", lambda gib, device: None)
    monkeypatch.setattr(limit, "keep_compiled_code", lambda: None)
    monkeypatch.setattr(limit, "measure_request", lambda bench, plan, precision: measured.append((plan.resident, precision)))
    for precision in ("bf16", "fp8"):
        limit._limited("17b", 832, 480, 97, 16, precision)
    (few, bf16), (more, fp8) = measured
    assert (bf16, fp8) == ("bf16", "fp8") and 0 <= few["17b"] < more["17b"] < 40
