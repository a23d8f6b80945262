"""What counts as a prompt."""

import pytest

from humo_engine.prompts import is_empty


@pytest.mark.parametrize(
    "prompt", ["", " \n", "\u200b\u200d", "\u3164", "\u115f\uffa0", "\u00ad\u2060", "\u2800", "\ufe0f", "\u202e"]
)
def test_what_nobody_sees_is_no_prompt(prompt: str) -> None:
    assert is_empty(prompt)


@pytest.mark.parametrize("prompt", ["A woman speaks", "\U0001f469\u200d\U0001f680", "."])
def test_what_is_seen_is_a_prompt(prompt: str) -> None:
    assert not is_empty(prompt)
