"""Where the face is in a picture, so that the page can say when it is small: OpenCV's cascade for faces seen from the front."""

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from PIL import Image, ImageOps

#: What is looked at is no larger than this; a face that is found there has `_LEAST` pixels or more.
_LOOKED_AT = 800
_LEAST = 20
#: As the API has it: a picture of more pixels is refused there, and not opened here.
_MOST_PIXELS = 40_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_one_at_a_time = Lock()


def face_in(path: Path) -> dict[str, float] | None:
    """The largest face, upright as the picture is shown: x, y, width and height as parts of the picture's width and height.

    None where none is found, which proves nothing: drawn faces and those seen from the side mostly are not.
    """
    try:
        shades = _shades(path)
    except (OSError, ValueError, Image.DecompressionBombError, SyntaxError):
        return None  # what is no picture, the API says
    with _one_at_a_time:
        found = _cascade().detectMultiScale(shades, scaleFactor=1.15, minNeighbors=5, minSize=(_LEAST, _LEAST))
    if len(found) == 0:
        return None
    x, y, width, height = max((tuple(map(int, one)) for one in found), key=lambda one: one[2] * one[3])
    rows, columns = shades.shape
    return {"x": x / columns, "y": y / rows, "width": width / columns, "height": height / rows}


def _shades(path: Path) -> Any:
    """Grey, as an array of rows, upright, and no larger than is looked at."""
    import numpy

    with Image.open(path, formats=_FORMATS) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError("too large")
        # A JPEG is read at the size that is needed; others are read whole.
        picture.draft("L", (_LOOKED_AT, _LOOKED_AT))
        upright = ImageOps.exif_transpose(picture).convert("L")
    upright.thumbnail((_LOOKED_AT, _LOOKED_AT))
    return numpy.asarray(upright)


@cache
def _cascade() -> Any:
    # Here, not above: a page that nobody gives a picture to does without.
    import cv2

    # Beside the people who are served meanwhile, one core is enough.
    cv2.setNumThreads(1)
    return cv2.CascadeClassifier(str(Path(cv2.data.haarcascades, "haarcascade_frontalface_alt2.xml")))
