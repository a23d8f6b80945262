"""Reference images to pixels in the model's form, and pixels back to raw frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

WHITE = (255, 255, 255)


def letterbox(image: Image.Image, width: int, height: int) -> Tensor:
    """Fit an image inside width × height, centred on white, aspect ratio kept → (3, 1, height, width), fp32 in [−1, 1]."""
    # In this order of operations: by way of one common scale, a side that should fill the target can come out a pixel short.
    aspect = image.width / image.height
    inside = (width, int(width / aspect)) if aspect > width / height else (int(height * aspect), height)
    canvas = Image.new("RGB", (width, height), WHITE)
    resized = image.convert("RGB").resize((max(1, inside[0]), max(1, inside[1])), Image.Resampling.LANCZOS)
    canvas.paste(resized, ((width - resized.width) // 2, (height - resized.height) // 2))
    pixels = torch.from_numpy(np.asarray(canvas).copy()).permute(2, 0, 1).float()
    return (pixels / 255 * 2 - 1)[:, None]


def read_image(path: Path | str) -> Image.Image:
    """Open an image upright, transparency on white. Raises ValueError, with what to do, when it cannot be read."""
    name = Path(path).name
    if Path(path).is_file() and Path(path).stat().st_size == 0:
        raise ValueError(f"{name} is empty (0 bytes): give another file")
    try:
        with Image.open(path) as file:
            image = _eight_bits(ImageOps.exif_transpose(file)).convert("RGBA")
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        raise ValueError(f"{name} has too many pixels: make it smaller, such as 2048 pixels wide ({error})") from error
    except UnidentifiedImageError as error:
        raise ValueError(f"{name} cannot be read as an image: its kind is not known here. Save it as PNG or JPEG") from error
    except Exception as error:  # decoders raise errors of any type about damaged files
        raise ValueError(f"{name} cannot be read as an image: {error}. Save it again as PNG or JPEG") from error
    canvas = Image.new("RGBA", image.size, (*WHITE, 255))
    return Image.alpha_composite(canvas, image).convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Greys of 16 bits (mode I;16, or I as Pillow reads PGM) scaled to 8, which Pillow would cut off at 255 instead."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).clip(0, 65535) / 257).round().astype(np.uint8))


def to_rgb24(frames: Tensor) -> Tensor:
    """Frames (3, n, height, width) in [−1, 1] → (n, height, width, 3), uint8."""
    return ((frames.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 3, 0).contiguous()
