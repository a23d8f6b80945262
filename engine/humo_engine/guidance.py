"""Classifier-free guidance of HuMo: which passes a step makes, and how their velocities combine.

The rules are those of the published inference procedure (HuMo, arXiv 2509.08519, section on time-adaptive guidance).
A pass is named by what it is given: T the prompt, I the reference images, A the audio; NULL has the negative prompt only.

Which of these passes a preset then does without (gating, caching) is decided in `shortcuts.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from humo_engine.settings import Scales


@dataclass(frozen=True)
class Pass:
    """What the transformer is given. Without text it gets the negative prompt, without the others their null form."""

    text: bool = False
    image: bool = False
    audio: bool = False


NULL = Pass()
T = Pass(text=True)
I = Pass(image=True)  # noqa: E741 - the paper's letter
TI = Pass(text=True, image=True)
TA = Pass(text=True, audio=True)
TIA = Pass(text=True, image=True, audio=True)


@dataclass(frozen=True)
class Guidance:
    """The passes of one step, and the function that combines their velocities into one."""

    passes: tuple[Pass, ...]
    combine: Callable[[Mapping[Pass, Tensor], Scales], Tensor]


def _audio_image_text(v: Mapping[Pass, Tensor], s: Scales) -> Tensor:
    return s.audio * (v[TIA] - v[TI]) + s.text * (v[TI] - v[I]) + v[I]


def _audio_text_later(v: Mapping[Pass, Tensor], s: Scales) -> Tensor:
    # The base no longer holds the image, so text guidance would count it twice: the scale drops by two.
    return s.audio * (v[TIA] - v[TI]) + (s.text - 2) * (v[TI] - v[NULL]) + v[NULL]


def _audio_text(v: Mapping[Pass, Tensor], s: Scales) -> Tensor:
    return s.audio * (v[TA] - v[T]) + s.text * (v[T] - v[NULL]) + v[NULL]


def _image_audio_text(v: Mapping[Pass, Tensor], s: Scales) -> Tensor:
    return s.image * (v[TIA] - v[TA]) + s.audio * (v[TA] - v[T]) + s.text * (v[T] - v[NULL]) + v[NULL]


def _text_over_image(v: Mapping[Pass, Tensor], s: Scales) -> Tensor:
    return s.text * (v[TI] - v[I]) + v[I]


def _text_over_image_later(v: Mapping[Pass, Tensor], s: Scales) -> Tensor:
    return (s.text - 2) * (v[TI] - v[NULL]) + v[NULL]


def _image_text(v: Mapping[Pass, Tensor], s: Scales) -> Tensor:
    return s.image * (v[TI] - v[T]) + s.text * (v[T] - v[NULL]) + v[NULL]


# (model family, mode) → guidance above and at or below the switch timestep.
RULES: dict[tuple[str, str], tuple[Guidance, Guidance]] = {
    ("17b", "TIA"): (Guidance((TIA, TI, I), _audio_image_text), Guidance((TIA, TI, NULL), _audio_text_later)),
    ("17b", "TA"): (Guidance((TA, T, NULL), _audio_text),) * 2,
    # Image without audio is not in the published code: it is the TIA rule without its audio term, on silent audio.
    ("17b", "TI"): (Guidance((TI, I), _text_over_image), Guidance((TI, NULL), _text_over_image_later)),
    ("1_7b", "TIA"): (Guidance((TIA, TA, T, NULL), _image_audio_text),) * 2,
    ("1_7b", "TA"): (Guidance((TA, T, NULL), _audio_text),) * 2,
    ("1_7b", "TI"): (Guidance((TI, T, NULL), _image_text),) * 2,
}


def _audio_over(base: Pass, heard: Pass) -> Guidance:
    return Guidance((heard, base), lambda v, s: v[base] + s.audio * (v[heard] - v[base]))


def _alone(which: Pass) -> Guidance:
    return Guidance((which,), lambda v, s: v[which])


# Guidance by the sound alone, as if the text scale were 1: for weights that were distilled to need no text guidance, and would
# still move their lips too little. Ours; the published procedure has no such rule. Both models, before and after the switch.
AUDIO_RULES: dict[tuple[str, str], tuple[Guidance, Guidance]] = {
    (model, mode): (guidance, guidance)
    for model in ("17b", "1_7b")
    for mode, guidance in {"TIA": _audio_over(TI, TIA), "TA": _audio_over(T, TA), "TI": _alone(TI)}.items()
}
# No guidance: one pass a step, with all that is given.
NO_RULES: dict[tuple[str, str], tuple[Guidance, Guidance]] = {
    (model, mode): (_alone(which), _alone(which))
    for model in ("17b", "1_7b")
    for mode, which in {"TIA": TIA, "TA": TA, "TI": TI}.items()
}
TABLES = {"full": RULES, "audio": AUDIO_RULES, "none": NO_RULES}


def guidance_for(model: str, mode: str, timestep: float, switch_timestep: int, table: str = "full") -> Guidance:
    """The guidance of one step. `timestep` is 0…1000; above `switch_timestep` the early rule holds. `table` is one of TABLES.

    Raises ValueError for a model or mode that has no rule.
    """
    rules = TABLES[table]
    if (model, mode) not in rules:
        raise ValueError(f"no guidance for model {model!r} in mode {mode!r}; there is: {sorted(rules)}")
    early, late = rules[model, mode]
    return early if timestep > switch_timestep else late


def passes_of(model: str, mode: str, table: str = "full") -> tuple[Pass, ...]:
    """Every pass that any step of a clip makes, each once."""
    early, late = TABLES[table][model, mode]
    return tuple(dict.fromkeys((*early.passes, *late.passes)))
