"""A drawn face measured without its truth: plain geometry on colours.

It knows where heads of the small model's world may be, as `humo_mini.drawing` places them, and which colours mouths and eyes
have; it works as well on what a model makes. Lengths are in the drawing's units (the frame's shorter side); frames are
(frames, height, width, 3), fp32, 0 … 255.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from humo_mini.drawing import EYE_X, EYE_Y, MOUTH_Y
from humo_quality import signals

SCALE = 1.14  # of heads, in the middle of the 1.08 … 1.2 that there are
HEAD_Y = -0.045  # a head's middle
MOUTH_PLACE = (0.0, HEAD_Y + SCALE * MOUTH_Y)  # where a head in the middle has its mouth
REACH = (0.19, 0.045)  # how far from there a mouth may be
WINDOW = (0.115 * SCALE, 0.088 * SCALE)  # half width and height of what a mouth open wide needs
MOUTH_GREEN = 0.38  # of its red: lips 0.34 … 0.46, tongue 0.39, inside 0.24; skin has 0.62 … 0.90
MOUTH_DARK = (
    0.5  # of the skin's brightest channel: the inside of an open mouth, whose colour a model may lose on the darkest skin
)
SHUT_AREA = 0.00144 * 3.1416 * SCALE**2  # of the lips of a shut mouth, in square units
WIDE_AREA = 0.00568 * 3.1416 * SCALE**2  # of one open wide
EYE_AREA = 0.046 * 0.050 * 3.1416 * SCALE**2
WHITER = 0.38  # of the way from the skin to white: an eye's white
LONGEST_BLINK = 9  # frames
LIKE_SKIN = 25.0  # of 255, in each of red, green and blue
FARTHEST_MIDDLE = 0.12  # units of a head
WITHIN_A_MOUTH = 0.03  # units: how far a tongue may reach from what has a mouth's colour
SMALLEST_MOUTH = 0.25  # of a shut mouth's area: what is smaller is no second mouth


@dataclass(frozen=True)
class Place:
    """Where a mouth is: pixels of its middle, and how many pixels a unit has."""

    x: float
    y: float
    unit: float


@dataclass(frozen=True)
class Colours:
    """Mean colours (3,), 0 … 255, of what makes a person."""

    skin: Tensor
    hair: Tensor
    shirt: Tensor


def usual_place(height: int, width: int) -> Place:
    """Where the mouth of a reference picture is: its head stands in the middle."""
    unit = float(min(height, width))
    return Place(width / 2 + MOUTH_PLACE[0] * unit, height / 2 + MOUTH_PLACE[1] * unit, unit)


def find_mouth(frames: Tensor) -> Place:
    """Where the mouth is: where, among the places that there are, most changes and most is red or dark beside its surroundings."""
    count, height, width = frames.shape[:3]
    usual = usual_place(height, width)
    unit = usual.unit
    moving = frames.std(0, correction=0).mean(-1) if count > 1 else torch.zeros(height, width)
    middle = signals.middle(frames)
    # Lips are redder than any skin; the mouth's inside is darker.
    red = (middle[..., 0] - (middle[..., 1] + middle[..., 2]) / 2).clamp(min=0)
    score = moving + 0.15 * (red - _blur(red, unit * 0.12))
    half_x, half_y = round(0.07 * unit), round(0.035 * unit)
    means = F.avg_pool2d(score[None, None], (2 * half_y + 1, 2 * half_x + 1), 1, (half_y, half_x))[0, 0]
    ys, xs = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    sideways = REACH[0] if width > height else 0.05
    allowed = ((xs - usual.x).abs() <= sideways * unit) & ((ys - usual.y).abs() <= REACH[1] * unit)
    means = torch.where(allowed, means - means.min(), 0.0)
    # The middle of the best tenth rather than the very best place: half a mouth to either side scores nearly the same.
    heavy = torch.where(means >= 0.92 * means.max(), means, 0.0)
    return Place(float((heavy * xs).sum() / heavy.sum()), float((heavy * ys).sum() / heavy.sum()), unit)


def _blur(values: Tensor, reach: float) -> Tensor:
    half = max(1, round(reach))
    return F.avg_pool2d(values[None, None], 2 * half + 1, 1, half, count_include_pad=False)[0, 0]


def region(place: Place, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Each pixel's place beside the mouth, (height, width) in units of a head of the usual size."""
    ys, xs = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    return (xs - place.x) / place.unit / SCALE, (ys - place.y) / place.unit / SCALE


def colours(frames: Tensor, place: Place) -> Colours:
    """What the person's skin, hair and shirt look like: medians over time and over a patch of each."""
    x, y = region(place, *frames.shape[1:3])
    head = y + MOUTH_Y
    skin = (x.abs() > 0.105) & (x.abs() < 0.140) & (y > -0.06) & (y < 0.03)
    hair = (x.abs() < 0.055) & (head > -0.252) & (head < -0.215)
    shirt = (x.abs() < 0.15) & (head > 0.405) & (head < 0.455)
    return Colours(*(_usual(frames, mask).median(0).values for mask in (skin, hair, shirt)))


def _usual(frames: Tensor, mask: Tensor) -> Tensor:
    """What the pixels of a mask (height, width) are in the middle of all frames: (pixels, 3)."""
    return signals.middle(frames[:, mask])


def _mouth_mask(frames: Tensor, skin: Tensor) -> Tensor:
    """Pixels of lips, tongue or a mouth's inside (frames, height, width), bool: much less green beside their red than skin has.

    The ratio keeps what lies between lips and the dark inside apart from dark skin, whose brightness it has.
    """
    limit = (float(skin[1] / skin[0].clamp(min=1)) + MOUTH_GREEN) / 2
    calm = F.avg_pool2d((limit * frames[..., 0] - frames[..., 1])[:, None], 3, 1, 1)[:, 0]
    return calm > 0


def openings(frames: Tensor, place: Place | None = None) -> Tensor:
    """How far the mouth is open in each frame (frames,), 0 shut … 1 wide: the area that is no skin, between shut and wide."""
    place = place or find_mouth(frames)
    skin = colours(frames, place).skin
    x, y = region(place, *frames.shape[1:3])
    window = ((x * SCALE / WINDOW[0]).square() + (y * SCALE / WINDOW[1]).square() <= 1) & ((x.abs() > 0.028) | (y > -0.062))
    mouth = _mouth_mask(frames, skin) | (frames.amax(-1) < MOUTH_DARK * skin.amax())
    area = (mouth & window).sum((1, 2)) / place.unit**2
    return ((area - SHUT_AREA) / (WIDE_AREA - SHUT_AREA)).clamp(0, 1.5)


def eyes(frames: Tensor, place: Place) -> Tensor:
    """Whether each eye is there (frames, 2), bool: white with something dark in it, where faces have eyes. A blink counts as there.

    An eye that is shut for longer than a blink lasts, or alone, is missing.
    """
    x, y = region(place, *frames.shape[1:3])
    skin = colours(frames, place).skin
    open_eyes = []
    for side in (-1, 1):
        near = ((x - side * EYE_X) / 0.065).square() + ((y + MOUTH_Y - EYE_Y) / 0.068).square() <= 1
        white = (frames.amin(-1) > skin.amin() + WHITER * (255 - skin.amin())) & near
        dark = (frames.amax(-1) < min(80.0, 0.85 * float(skin.amax()))) & near
        area = EYE_AREA * place.unit**2
        open_eyes.append((white.sum((1, 2)) > 0.15 * area) & (dark.sum((1, 2)) > 0.035 * area))
    seen = torch.stack(open_eyes, dim=1)
    shut = ~seen.any(1)
    return seen | _short_runs(shut, LONGEST_BLINK)[:, None]


def _short_runs(flags: Tensor, longest: int) -> Tensor:
    """Those of the flags (frames,) that stand in a run of at most `longest`."""
    kept, start = torch.zeros_like(flags), 0
    values = [*flags.tolist(), False]
    for index, value in enumerate(values):
        if not value:
            kept[start:index] = 0 < index - start <= longest
            start = index + 1
    return kept


def second_mouths(frames: Tensor, place: Place) -> Tensor:
    """Frames (frames,), bool, whose lower face has two mouth-coloured patches or more, with skin between them.

    A tongue whose upper edge is too pale for a mouth is no skin either: what lies above and below it is one mouth.
    """
    x, y = region(place, *frames.shape[1:3])
    skin = _skin_at(frames, place)
    x, head = x - _face_middle(frames, place, skin), y + MOUTH_Y
    inside = ((x / 0.150).square() + (head / 0.205).square() <= 1) & (head > 0.045)
    inside &= (x.abs() > 0.028) | (head > 0.075)  # the nose
    mask = _mouth_mask(frames, skin) & inside
    half = round(WITHIN_A_MOUTH * place.unit)
    beside = F.max_pool2d(mask.float()[:, None], 2 * half + 1, 1, half)[:, 0] > 0
    whole = mask | (beside & inside & ((frames - skin).abs().amax(-1) > LIKE_SKIN))
    rows, columns = inside.any(1).nonzero()[:, 0], inside.any(0).nonzero()[:, 0]
    middle = (slice(None), slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    least = SMALLEST_MOUTH * SHUT_AREA * place.unit**2
    return torch.tensor([int((patches[red].unique(return_counts=True)[1] >= least).sum()) > 1
                         for patches, red in zip(_patches(whole[middle]), mask[middle], strict=True)])  # fmt: skip


def _skin_at(frames: Tensor, place: Place) -> Tensor:
    """The skin (3,) right above the mouth: on the face wherever the mouth is, where the cheeks of `colours` may lie beside it."""
    x, y = region(place, *frames.shape[1:3])
    head = y + MOUTH_Y
    above = (x.abs() < 0.05) & (head > 0.045) & (head < 0.085)
    return _usual(frames, above).median(0).values


def _face_middle(frames: Tensor, place: Place, skin: Tensor) -> float:
    """How far to the right of the mouth the face's middle is, in units of a head. Of two mouths side by side neither is in the middle."""
    x, y = region(place, *frames.shape[1:3])
    head = y + MOUTH_Y
    near = (x.abs() < 0.25) & (head > 0.03) & (head < 0.10)
    cheeks = x[near][(_usual(frames, near) - skin).abs().amax(-1) < LIKE_SKIN]
    return float(cheeks.median().clamp(-FARTHEST_MIDDLE, FARTHEST_MIDDLE)) if cheeks.numel() else 0.0


def _patches(mask: Tensor) -> Tensor:
    """Each patch of neighbouring pixels gets a number of its own, 0 is none (frames, height, width)."""
    numbers = torch.arange(1.0, mask[0].numel() + 1).view(1, *mask.shape[1:]) * mask
    while True:
        spread = F.max_pool2d(numbers[:, None], 3, 1, 1)[:, 0] * mask
        if torch.equal(spread, numbers):
            return numbers
        numbers = spread


def lab(colour: Tensor) -> Tensor:
    """sRGB (…, 3), 0 … 255 → CIE L*a*b* under D65 (IEC 61966-2-1, CIE 15)."""
    linear = colour / 255
    linear = torch.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    matrix = torch.tensor([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ matrix.T / torch.tensor([0.9505, 1.0, 1.089])
    root = torch.where(xyz > (6 / 29) ** 3, xyz.clamp(min=1e-9) ** (1 / 3), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return torch.stack(
        (116 * root[..., 1] - 16, 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])), dim=-1
    )


def colour_error(a: Colours, b: Colours) -> dict[str, float]:
    """CIE 1976 colour differences ΔE of skin, hair and shirt; 2 is just seen, 100 is black beside white."""
    return {name: float((lab(getattr(a, name)) - lab(getattr(b, name))).norm()) for name in ("skin", "hair", "shirt")}
