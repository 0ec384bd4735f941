"""The peeling as an animated GIF: one palette for all pictures, in which the inks are exact."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peeler.exporters.peeling import frames, on_white
from peeler.files import replacing
from peeler.geometry import RGB
from peeler.stack import LayerStack

COLOURS = 256
EXACT = 160
"""Of these so many are given to the most frequent colours as they are; the others are spread over what is left."""
FLAT = 0.6
"""Share of the pixels that the exact colours have in flat art; other pictures are dithered."""


class GifExporter:
    """Writes an animation; the same stack always gives the same bytes. What is transparent becomes white."""

    def export(self, stack: LayerStack, path: Path) -> None:
        """Write the file ``path``, at once or not at all. Raises StoreError."""
        pictures = list(frames(stack))
        first, *rest = reduced([on_white(frame.pixels) for frame in pictures])
        with replacing(path) as unfinished:
            first.save(
                unfinished,
                "GIF",
                save_all=True,
                append_images=rest,
                duration=[frame.milliseconds for frame in pictures],
                loop=0,
                optimize=False,
            )


def reduced(pictures: list[RGB]) -> list[Image.Image]:
    """The pictures in at most ``COLOURS`` colours that they share.

    On flat art dithering would speckle the inks, and a palette that is spread evenly would miss them.
    """
    tallies = [np.unique(_codes(picture), return_counts=True) for picture in pictures]
    codes, places = np.unique(np.concatenate([values for values, _ in tallies]), return_inverse=True)
    counts = np.bincount(places, weights=np.concatenate([counts for _, counts in tallies])).astype(np.int64)
    order = np.lexsort((codes, -counts))
    palette, is_flat = codes[order[:COLOURS]], True
    if len(codes) > COLOURS:
        exact, rest = order[:EXACT], order[EXACT:]
        palette = np.concatenate([codes[exact], _spread(codes[rest], counts[rest], COLOURS - EXACT)])
        is_flat = counts[exact].sum() >= FLAT * counts.sum()
    if not is_flat:
        shades = _indexed(np.zeros((1, 1), dtype=np.uint8), palette)
        return [Image.fromarray(picture).quantize(palette=shades) for picture in pictures]
    nearest = _nearest(codes, palette)
    return [
        _indexed(nearest[np.searchsorted(codes, _codes(picture))].reshape(picture.shape[:2]), palette)
        for picture in pictures
    ]


def _codes(picture: RGB) -> NDArray[np.uint32]:
    """Each pixel as one number."""
    planes = np.zeros((len(picture.reshape(-1, 3)), 4), dtype=np.uint8)
    planes[:, 2::-1] = picture.reshape(-1, 3)
    return planes.view("<u4")[:, 0].astype(np.uint32)


def _colours(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return np.stack([codes >> 16, (codes >> 8) & 255, codes & 255], axis=1).astype(np.uint8)


def _spread(codes: NDArray[np.uint32], counts: NDArray[np.int64], count: int) -> NDArray[np.uint32]:
    """Colours that stand for many others, by median cut (Heckbert 1982); frequent ones weigh more."""
    weights = np.ceil(np.sqrt(counts)).astype(np.int64).clip(1, 64)
    pixels = np.repeat(_colours(codes), weights, axis=0)
    cut = Image.fromarray(pixels[None]).quantize(count, Image.Quantize.MEDIANCUT)
    found = np.array(cut.getpalette(), dtype=np.uint8).reshape(-1, 3)[:count]
    return np.unique(_codes(found))


def _nearest(codes: NDArray[np.uint32], palette: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """For each colour the place of the nearest one in the palette; Pillow's own search is a few levels off."""
    wanted, given = _colours(codes).astype(np.float32), _colours(palette).astype(np.float32)
    places = np.empty(len(codes), dtype=np.uint8)
    for start in range(0, len(codes), 4096):
        part = wanted[start : start + 4096]
        away = (given * given).sum(axis=1) - 2 * part @ given.T
        places[start : start + 4096] = away.argmin(axis=1)
    return places


def _indexed(places: NDArray[np.uint8], palette: NDArray[np.uint32]) -> Image.Image:
    image = Image.fromarray(places)
    image.putpalette(_colours(palette).tobytes())
    return image
