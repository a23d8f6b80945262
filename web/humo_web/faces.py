"""Where the face is in a picture, so that the page can say when it is small: OpenCV's cascade for faces seen from the front."""

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from PIL import Image, ImageOps

#: What is looked at is no larger than this; a face that is found there has `_LEAST` pixels or more.
_LOOKED_AT = 800
_LEAST = 20
#: The second look, for faces that are large: at most so many pixels, and at least this part of the shorter side.
_LOOKED_AT_AGAIN = 400
_LARGE = 0.2
#: As the API has it: a picture of more pixels is refused there, and not opened here.
_MOST_PIXELS = 40_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_one_at_a_time = Lock()


def face_in(path: Path) -> dict[str, float] | None:
    """The largest face, upright as the picture is shown: x, y, width and height as parts of the picture's width and height.

    None where none is found, which proves nothing: drawn faces and those seen from the side mostly are not.
    """
    try:
        picture = _upright(path)
    except (OSError, ValueError, Image.DecompressionBombError, SyntaxError):
        return None  # what is no picture, the API says
    return _largest(picture.convert("L"), _LEAST, step=1.15, neighbours=5) or _face_again(picture)


def _face_again(picture: Image.Image) -> dict[str, float] | None:
    """Where grey shows no face: in red, skin of every shade is bright, and drawn faces have edges. Small finds in it would be eyes and patterns."""
    small = picture.copy()
    small.thumbnail((_LOOKED_AT_AGAIN, _LOOKED_AT_AGAIN))
    return _largest(small.getchannel("R"), max(_LEAST, round(min(small.size) * _LARGE)), step=1.05, neighbours=3)


def _largest(shades: Image.Image, least: int, *, step: float, neighbours: int) -> dict[str, float] | None:
    """The largest face of `least` pixels or more in one channel. Smaller steps from size to size and fewer neighbours find more, and more that is none."""
    import numpy

    seen = numpy.asarray(shades)
    with _one_at_a_time:
        found = _cascade().detectMultiScale(seen, scaleFactor=step, minNeighbors=neighbours, minSize=(least, least))
    if len(found) == 0:
        return None
    x, y, width, height = max((tuple(map(int, one)) for one in found), key=lambda one: one[2] * one[3])
    return {"x": x / shades.width, "y": y / shades.height, "width": width / shades.width, "height": height / shades.height}


def _upright(path: Path) -> Image.Image:
    """In colours, upright, and no larger than is looked at."""
    with Image.open(path, formats=_FORMATS) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError("too large")
        # A JPEG is read at the size that is needed; others are read whole.
        picture.draft("RGB", (_LOOKED_AT, _LOOKED_AT))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((_LOOKED_AT, _LOOKED_AT))
    return upright


@cache
def _cascade() -> Any:
    # Here, not above: a page that nobody gives a picture to does without.
    import cv2

    # Beside the people who are served meanwhile, one core is enough.
    cv2.setNumThreads(1)
    return cv2.CascadeClassifier(str(Path(cv2.data.haarcascades, "haarcascade_frontalface_alt2.xml")))
