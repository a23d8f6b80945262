"""The guidance table, row by row, against its formulas written out."""

from __future__ import annotations

import pytest
import torch

from humo_engine.guidance import NULL, RULES, TA, TI, TIA, I, T, guidance_for, passes_of
from humo_engine.settings import Scales

SWITCH = 980
A, TEXT, IMAGE = 5.3, 4.1, 3.7
NAMES = {"TIA": TIA, "TI": TI, "TA": TA, "T": T, "I": I, "null": NULL}

# model, mode, timestep, passes in order, formula over the passes' velocities
TABLE = [
    ("17b", "TIA", 981, "TIA TI I", lambda v: A * (v["TIA"] - v["TI"]) + TEXT * (v["TI"] - v["I"]) + v["I"]),
    ("17b", "TIA", 980, "TIA TI null", lambda v: A * (v["TIA"] - v["TI"]) + (TEXT - 2) * (v["TI"] - v["null"]) + v["null"]),
    ("17b", "TA", 981, "TA T null", lambda v: A * (v["TA"] - v["T"]) + TEXT * (v["T"] - v["null"]) + v["null"]),
    ("17b", "TA", 980, "TA T null", lambda v: A * (v["TA"] - v["T"]) + TEXT * (v["T"] - v["null"]) + v["null"]),
    ("17b", "TI", 981, "TI I", lambda v: TEXT * (v["TI"] - v["I"]) + v["I"]),
    ("17b", "TI", 980, "TI null", lambda v: (TEXT - 2) * (v["TI"] - v["null"]) + v["null"]),
    *[
        row
        for timestep in (981, 980)
        for row in (
            (
                "1_7b", "TIA", timestep, "TIA TA T null",
                lambda v: IMAGE * (v["TIA"] - v["TA"]) + A * (v["TA"] - v["T"]) + TEXT * (v["T"] - v["null"]) + v["null"],
            ),
            ("1_7b", "TA", timestep, "TA T null", lambda v: A * (v["TA"] - v["T"]) + TEXT * (v["T"] - v["null"]) + v["null"]),
            ("1_7b", "TI", timestep, "TI T null", lambda v: IMAGE * (v["TI"] - v["T"]) + TEXT * (v["T"] - v["null"]) + v["null"]),
        )
    ],
]  # fmt: skip


@pytest.mark.parametrize(("model", "mode", "timestep", "passes", "formula"), TABLE, ids=lambda value: str(value)[:12])
def test_row_of_the_table(model, mode, timestep, passes, formula):
    guidance = guidance_for(model, mode, timestep, SWITCH)
    assert guidance.passes == tuple(NAMES[name] for name in passes.split())
    generator = torch.Generator().manual_seed(4)
    velocities = {name: torch.randn(16, 2, 3, 4, generator=generator, dtype=torch.float64) for name in passes.split()}
    combined = guidance.combine({NAMES[name]: value for name, value in velocities.items()}, Scales(A, TEXT, IMAGE))
    torch.testing.assert_close(combined, formula(velocities), rtol=1e-12, atol=1e-12)


def test_a_pass_is_given_what_its_letters_say():
    for name, which in NAMES.items():
        letters = "" if name == "null" else name
        assert (which.text, which.image, which.audio) == ("T" in letters, "I" in letters, "A" in letters)


def test_every_rule_is_in_the_table():
    assert {(model, mode) for model, mode, *_ in TABLE} == set(RULES)


@pytest.mark.parametrize(("timestep", "last"), [(999, I), (981, I), (980, NULL), (979, NULL), (1, NULL)])
def test_the_17b_model_changes_its_base_between_981_and_980(timestep, last):
    assert guidance_for("17b", "TIA", timestep, SWITCH).passes[-1] is last


def test_passes_of_a_clip_are_those_of_all_steps_once():
    assert set(passes_of("17b", "TIA")) == {TIA, TI, I, NULL} and len(passes_of("17b", "TIA")) == 4
    assert set(passes_of("17b", "TI")) == {TI, I, NULL}
    assert passes_of("1_7b", "TA") == (TA, T, NULL)


@pytest.mark.parametrize(("model", "mode"), [("17b", "TIX"), ("14b", "TIA"), ("17b", "")])
def test_an_unknown_model_or_mode_is_named(model, mode):
    with pytest.raises(ValueError, match=f"{model!r} in mode {mode!r}"):
        guidance_for(model, mode, 500, SWITCH)
