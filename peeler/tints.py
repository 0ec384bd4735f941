"""The colours of a layer: the one ink that it has, and another hue for a textured one."""

import numpy as np
from numpy.typing import NDArray

from peeler.channels import apart
from peeler.geometry import RGBA

SAME = 2
"""Grey levels of a channel within which pixels have one ink."""
STRAY = 0.005
"""Largest share of pixels of a flat layer that have another colour."""
MOST_SAMPLED = 1_000_000
"""Pixels that are looked at to find the most frequent colour."""
GREY = 0.01
"""Chroma of Oklab below which a colour has no hue."""
# Ottosson 2020, "A perceptual color space for image processing".
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def hex_channels(colour: str) -> NDArray[np.uint8]:
    """Red, green and blue of ``#rrggbb``."""
    return np.frombuffer(bytes.fromhex(colour[1:]), dtype=np.uint8)


def only_ink(pixels: RGBA, wanted: str | None = None) -> str | None:
    """The colour (``#rrggbb``) that all shown pixels have, soft edges included; None if there are several.

    ``wanted`` is what it was said to be, and is believed where most pixels have that colour.
    """
    shown = pixels[pixels[..., 3] > 0]
    if not len(shown):
        return wanted
    if wanted and _share(shown, hex_channels(wanted)) >= 0.5:
        return wanted
    full = shown[shown[:, 3] >= 128]
    colour = _most_frequent(full if len(full) else shown)
    return "#" + colour.tobytes().hex() if _share(shown, colour) >= 1 - STRAY else None


def _most_frequent(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Red, green and blue of most of the pixels (count × 4), or of a sample of very many."""
    sample = colours[:: 1 + len(colours) // MOST_SAMPLED].copy()
    sample[:, 3] = 0
    found, counts = np.unique(sample.view(np.uint32), return_counts=True)
    return found[[counts.argmax()]].view(np.uint8)[:3]


def tinted(pixels: RGBA, colour: str) -> RGBA:
    """Pixels in the hue of ``colour``, with its saturation on average and lights and shades as they were."""
    shown = pixels[..., 3] > 0
    if not shown.any():
        return pixels
    lab = _oklab(pixels[shown, :3])
    wanted = _oklab(hex_channels(colour)[None])[0]
    target = float(np.hypot(wanted[1], wanted[2]))
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    weights = pixels[shown, 3].astype(np.float64)
    usual = float((chroma * weights).sum() / weights.sum())
    # Something grey has no saturation that could be made stronger.
    made = chroma * (target / usual) if usual > GREY else np.full_like(chroma, target)
    direction = wanted[1:] / target if target > GREY else np.zeros(2)
    result = pixels.copy()
    result[shown, :3] = _srgb(np.column_stack([lab[:, 0], made[:, None] * direction]))
    return result


def _share(shown: NDArray[np.uint8], colour: NDArray[np.uint8]) -> float:
    """The share of pixels that look as if they had the colour: faint ones have none that could be told."""
    other = shown[(shown[:, 0] != colour[0]) | (shown[:, 1] != colour[1]) | (shown[:, 2] != colour[2])]
    off = apart(other[:, :3].astype(np.int16), colour)
    return 1 - float(np.count_nonzero(off * (other[:, 3] / 255) > SAME)) / len(shown)


def _oklab(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Count × 3 in sRGB → lightness 0–1 and the two axes of colour."""
    share = colours / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    lab: NDArray[np.float64] = np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T
    return lab


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.uint8]:
    linear = ((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T).clip(0, 1)
    share = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: NDArray[np.uint8] = np.rint(255 * share).astype(np.uint8)
    return colours
