"""Previews: the published matrix, the middle frame, a JPEG that is whole or not there."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from humo_engine.preview import project, write_preview

BIAS = [-0.1835, -0.0868, -0.3360]
CHANNEL_2, CHANNEL_15 = [0.3568, 0.2548, 0.1747], [0.1984, 0.0913, 0.1861]


def test_no_latents_are_the_bias():
    assert project(torch.zeros(16, 2, 3)).shape == (2, 3, 3)
    assert project(torch.zeros(16, 2, 3))[0, 0].tolist() == [round((value + 1) * 127.5) for value in BIAS]


def test_a_channel_adds_its_row_of_the_matrix():
    for channel, row in ((2, CHANNEL_2), (15, CHANNEL_15)):
        latents = torch.zeros(16, 1, 2)
        latents[channel, 0, 1] = 0.7
        expected = [round((0.7 * factor + bias + 1) * 127.5) for factor, bias in zip(row, BIAS)]
        assert project(latents)[0, 1].tolist() == expected


def test_colours_beyond_the_range_are_cut():
    latents = torch.zeros(16, 1, 1)
    latents[6] = 50  # all three factors are negative
    assert project(latents)[0, 0].tolist() == [0, 0, 0]
    assert project(-latents)[0, 0].tolist() == [255, 255, 255]


def test_the_middle_frame_is_written_enlarged(tmp_path):
    latents = torch.zeros(16, 5, 6, 8)
    latents[6, 2] = -50  # white in the middle frame, grey elsewhere
    write_preview(latents, tmp_path / "preview-2.jpg")
    assert [file.name for file in tmp_path.iterdir()] == ["preview-2.jpg"]
    with Image.open(tmp_path / "preview-2.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (32, 24))
        assert np.asarray(image).min() > 250
