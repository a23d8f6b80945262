"""Contact sheets: a clip at a glance."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

COLUMNS = 8
GAP = 2


def contact_sheet(rows: list[list[Tensor]]) -> Image.Image:
    """Pictures (height, width, 3), 0 … 255, in rows; white between them. All have one size."""
    height, width = rows[0][0].shape[:2]
    columns = max(len(row) for row in rows)
    sheet = torch.full((len(rows) * (height + GAP), columns * (width + GAP), 3), 255.0)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            top, left = y * (height + GAP), x * (width + GAP)
            sheet[top : top + height, left : left + width] = picture
    return Image.fromarray(sheet[:-GAP, :-GAP].round().clamp(0, 255).to(torch.uint8).numpy())


def clip_row(frames: Tensor, count: int = COLUMNS) -> list[Tensor]:
    """`count` frames of a clip, evenly from the first to the last."""
    return [frames[index] for index in torch.linspace(0, len(frames) - 1, min(count, len(frames))).round().int().tolist()]


def write_film_sheet(frames: Tensor, file: Path, rows: int = 3, columns: int = 4) -> None:
    """A film's contact sheet, read line by line."""
    pictures = clip_row(frames, rows * columns)
    contact_sheet([pictures[start : start + columns] for start in range(0, len(pictures), columns)]).save(file)
