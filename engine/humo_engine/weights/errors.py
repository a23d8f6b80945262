"""What a person is told when weights are missing or cannot be had."""

from __future__ import annotations

from pathlib import Path

from humo_engine.runtime_environment import own_command


class WeightsError(RuntimeError):
    """A download, check or conversion cannot go on. The message says what to do."""


class WeightsMissing(WeightsError):
    """Files that a model needs are not there. `code` is the protocol's failure code."""

    code = "weights_missing"

    def __init__(self, root: Path, model: str, missing: list[str]):
        self.missing = missing
        shown = "\n".join(f"  - {path}" for path in missing)
        super().__init__(
            f"The weights of {_title(model)} are not complete in {root}; missing or of the wrong size:\n{shown}\n"
            f"Fetch them with: {own_command(f'weights download {download_option(model)}')}"
        )


TITLES = {
    "17b": "HuMo 17B", "1_7b": "HuMo 1.7B", "vocals": "the vocal isolation", "voices": "the voices",
    "syncnet": "SyncNet and the face detector",
}  # fmt: skip


def _title(model: str) -> str:
    return TITLES.get(model, model)


def download_option(model: str) -> str:
    """How `weights download` is asked for the files of a model."""
    return f"--{model}" if model in ("vocals", "voices", "syncnet") else f"--model {model.replace('_', '.')}"
