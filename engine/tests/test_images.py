"""Reference images: fitted on white, upright, without transparency; frames back to bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image, features

from humo_engine.images import letterbox, read_image, to_rgb24

RED, BLUE = (255, 0, 0), (0, 0, 255)


def pixels_of(image: Image.Image, width: int, height: int) -> np.ndarray:
    """(height, width, 3) in 0…255."""
    out = letterbox(image, width, height)
    assert out.shape == (3, 1, height, width) and out.dtype == torch.float32
    return ((out[:, 0] + 1) * 127.5).round().permute(1, 2, 0).numpy()


def test_a_wide_image_has_white_above_and_below_and_fills_the_width():
    pixels = pixels_of(Image.new("RGB", (400, 100), RED), 128, 96)
    assert (pixels[:32] == 255).all() and (pixels[64:] == 255).all()
    assert (pixels[32:64] == RED).all()


def test_a_tall_image_has_white_at_both_sides_and_fills_the_height():
    pixels = pixels_of(Image.new("RGB", (100, 400), BLUE), 128, 96)
    assert (pixels[:, :52] == 255).all() and (pixels[:, 76:] == 255).all()
    assert (pixels[:, 52:76] == BLUE).all()


def test_an_odd_pixel_of_border_goes_to_the_far_side():
    pixels = pixels_of(Image.new("RGB", (96, 97), RED), 96, 96)  # 95 wide
    assert (pixels[:, :95] == RED).all() and (pixels[:, 95] == 255).all()


@pytest.mark.parametrize("size", [(87, 809), (791, 1563), (2253, 982), (1321, 922), (2288, 2485)])
def test_one_side_always_fills_the_target(size):
    """Sizes for which a common scale factor, truncated, would leave that side a pixel short."""
    pixels = pixels_of(Image.new("RGB", size, RED), 832, 480)
    inked = (pixels == RED).all(axis=2)
    assert (inked.any(axis=1).sum() == 480) or (inked.any(axis=0).sum() == 832)


def test_values_run_from_minus_one_to_one():
    out = letterbox(Image.new("RGB", (8, 8), (0, 128, 255)), 16, 16)[:, 0, 8, 8]
    torch.testing.assert_close(out, torch.tensor([-1, 128 / 255 * 2 - 1, 1.0]))


def test_a_line_of_one_pixel_is_still_an_image():
    pixels = pixels_of(Image.new("RGB", (2000, 1), RED), 64, 64)
    assert ((pixels == RED).all(axis=2).sum(axis=1) == 64).sum() == 1


def test_a_photograph_is_turned_as_its_exif_says(tmp_path):
    image = Image.new("RGB", (40, 20), RED)
    image.paste(BLUE, (0, 0, 20, 20))  # left half
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90° clockwise: the left side comes to the top
    image.save(tmp_path / "photo.png", exif=exif)
    upright = read_image(tmp_path / "photo.png")
    assert upright.size == (20, 40)
    assert upright.getpixel((10, 5)) == BLUE and upright.getpixel((10, 35)) == RED


def test_transparency_is_laid_on_white(tmp_path):
    image = Image.new("RGBA", (4, 4), (*RED, 0))
    image.putpixel((1, 1), (*BLUE, 255))
    image.putpixel((2, 2), (0, 0, 0, 128))
    image.save(tmp_path / "logo.png")
    flat = read_image(tmp_path / "logo.png")
    assert flat.mode == "RGB"
    assert flat.getpixel((0, 0)) == (255, 255, 255) and flat.getpixel((1, 1)) == BLUE
    assert flat.getpixel((2, 2)) == (127, 127, 127)


def test_palettes_and_greys_are_read(tmp_path):
    Image.new("RGB", (4, 4), RED).convert("P").save(tmp_path / "palette.png")
    Image.new("L", (4, 4), 77).save(tmp_path / "grey.png")
    assert read_image(tmp_path / "palette.png").getpixel((0, 0)) == RED
    assert read_image(tmp_path / "grey.png").getpixel((0, 0)) == (77, 77, 77)


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n cut off"])
def test_what_is_no_image_is_named(tmp_path, content):
    (tmp_path / "portrait.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"portrait\.png (is empty|cannot be read as an image)"):
        read_image(tmp_path / "portrait.png")


@pytest.mark.parametrize("name", ["grey.png", "grey.tiff", "grey.pgm"])
def test_greys_of_16_bits_are_scaled(tmp_path, name):
    levels = np.array([[0, 257, 77 * 257, 65535]] * 4, dtype=np.uint16)
    Image.fromarray(levels).save(tmp_path / name)
    with Image.open(tmp_path / name) as file:
        assert file.mode.startswith("I")
    assert [read_image(tmp_path / name).getpixel((column, 0)) for column in range(4)] == [(n, n, n) for n in (0, 1, 77, 255)]


def test_a_big_endian_grey_of_16_bits_is_scaled(tmp_path):
    Image.new("I;16B", (40, 20), 200 * 257).save(tmp_path / "scan.tiff")
    assert read_image(tmp_path / "scan.tiff").getpixel((10, 10)) == (200, 200, 200)


def hostile_images() -> dict[str, bytes]:
    """What Pillow refuses with errors of other types than its own."""
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(whole, "JPEG2000")
    second = whole.getvalue().index(b"\xff\x51") + 2  # the length of the marker that holds the size
    damaged = bytearray(whole.getvalue())
    damaged[second : second + 2] = b"\0\0"
    return {"bomb.ppm": b"P6 30000 30000 255\n", "damaged.jp2": bytes(damaged), "damaged.ppm": b"P6 4x 4 255\n"}


@pytest.mark.parametrize(("name", "advice"), [("bomb.ppm", "smaller"), ("damaged.jp2", "PNG"), ("damaged.ppm", "PNG")])
def test_what_pillow_cannot_read_is_named_with_what_to_do(tmp_path, name, advice):
    (tmp_path / name).write_bytes(hostile_images()[name])
    with pytest.raises(ValueError, match=rf"^{name} .*{advice}"):
        read_image(tmp_path / name)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_a_decoder_that_gives_up_is_named_too(tmp_path):
    whole = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(whole, "AVIF")
    head, data = whole.getvalue().split(b"mdat")
    (tmp_path / "portrait.avif").write_bytes(head + b"mdat" + bytes(len(data)))
    with Image.open(tmp_path / "portrait.avif") as file, pytest.raises(RuntimeError):
        file.load()
    with pytest.raises(ValueError, match=r"portrait\.avif cannot be read as an image"):
        read_image(tmp_path / "portrait.avif")


def test_frames_become_bytes_row_by_row():
    frames = torch.zeros(3, 2, 4, 6)
    frames[0], frames[1], frames[2] = -1.2, 1.3, 0.0  # overshoot is cut
    frames[:, 1, 3, 5] = torch.tensor([1.0, -1.0, 0.5])
    out = to_rgb24(frames)
    assert out.shape == (2, 4, 6, 3) and out.dtype == torch.uint8 and out.is_contiguous()
    assert out[0, 0, 0].tolist() == [0, 255, 128]
    assert out[1, 3, 5].tolist() == [255, 0, 191]
