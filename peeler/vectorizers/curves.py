"""Layer → paths: curves fitted to the soft outline of a flat layer, VTracer (visioncortex; MIT) for a textured one.

VTracer follows the corners of pixels and does not see soft edges. On layers of one ink its curves, even from four-fold
enlarged alpha, are 7 dB worse, six times as long and twice as slow as fitting the outline where coverage is one half.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

import cv2
import numpy as np
import vtracer
from numpy.typing import NDArray

from peeler.channels import apart, picked
from peeler.errors import OutputError
from peeler.flat.palette import packed, unpacked
from peeler.geometry import RGBA, Pixels
from peeler.stack import Layer
from peeler.text import slug
from peeler.vectorizers.bezier import TOLERANCE
from peeler.vectorizers.corners import LONGEST_TAIL
from peeler.vectorizers.glyphs import take_glyphs
from peeler.vectorizers.gradients import Linear, Radial, find_gradient
from peeler.vectorizers.inclusions import find_inclusions
from peeler.vectorizers.markup import Drawing, element, gradient_element, number
from peeler.vectorizers.outlines import SPECK, trace_outlines
from peeler.vectorizers.pen import Pen
from peeler.vectorizers.scaling import enlarged, reduced
from peeler.vectorizers.thin_lines import take_thin_lines
from peeler.vectorizers.underlap import underlapped

FAINT = 40
"""Alpha (0–255) from which something that nowhere reaches one half is drawn, as a see-through shape."""
OPAQUE = 250
"""Alpha from which a shape counts as opaque."""
ALIKE, MAIN_SHARE = 8, 0.75
"""A layer is flat, even without an ink, if this share of its pixels lies within so many levels of one colour."""

SAME, ROUGH = 3, 0.05
"""Grey levels around its ink within which a pixel has it, and share of opaque pixels without it where there was loss:
of 680 layers of clean pictures 1 in 100 has more than 0.02, of 350 of JPEGs 19 in 20 have more."""
FEW, FEW_SHARE, LEAST_SHARE = 8, 0.8, 0.3
"""Or if so many colours make up this share of its pixels, and the first of them no less than that."""

_PATH = re.compile(r'<path d="([^"]*)" fill="(#[0-9A-Fa-f]{6})" transform="translate\(([-\d.]+),([-\d.]+)\)"/>')


class CurvesVectorizer:
    """Draws complete shapes: paths with holes, or shapes with a name, for a layer of one ink or one gradient; colour
    areas on each other for a textured one."""

    def __init__(self, tolerance: float = TOLERANCE) -> None:
        """``tolerance`` is by how many pixels a curve may miss the outline of a flat layer."""
        self._pen, self._rough_pen = Pen(tolerance), Pen(tolerance, rough=True)

    def vectorize(self, layer: Layer, above: Sequence[Layer] = (), times: int = 1) -> list[str]:
        """The elements of ``layer`` in canvas pixels, bottom first; none if it is clear. Raises OutputError.

        Outlines of a picture that is so many ``times`` as large as it was drawn are followed at that size, but for hard
        ones: in pixel art the repeated pixels are the drawing.
        """
        if not layer.pixels[..., 3].any():
            return []
        times = times if _is_soft(layer) else 1
        if ink := layer.ink or _main_colour(layer.pixels):
            pen = self._rough_pen if _is_rough(layer, ink) else self._pen
            drawn, *covers = (reduced(one, times) for one in (layer, *above))
            drawn, cover = underlapped(drawn, covers)
            return list(_flat_paths(drawn, cover, ink, Sheet(pen, drawn.box[:2], times)))
        if gradient := find_gradient(layer.pixels):
            drawn = reduced(layer, times)
            return list(_gradient_paths(layer, gradient, Sheet(self._pen, drawn.box[:2], times), drawn))
        return _colour_paths(layer)


class Sheet(NamedTuple):
    """What a layer is drawn on, at its ``corner`` of the canvas, so many ``times`` smaller than it will be."""

    pen: Pen
    corner: tuple[int, int]
    times: int = 1

    def element(self, drawing: Drawing, paint: str) -> str:
        """The element of a drawing; ``paint`` are the attributes for its colour."""
        left, top = self.corner
        return element(enlarged(drawing, self.times), paint, (left * self.times, top * self.times))


def _is_soft(layer: Layer) -> bool:
    """Whether any pixel is covered in part."""
    alpha = layer.pixels[..., 3]
    return bool(((alpha > 255 - OPAQUE) & (alpha < OPAQUE)).any())


def _is_rough(layer: Layer, ink: str) -> bool:
    """Whether a layer was saved with loss: its opaque pixels have not one ink."""
    shown = picked(layer.pixels[..., :3], layer.pixels[..., 3] == 255).astype(np.int16)
    others = np.count_nonzero(apart(shown, np.frombuffer(bytes.fromhex(ink[1:]), np.uint8)) > SAME)
    return bool(others > ROUGH * len(shown))


def _main_colour(pixels: RGBA) -> str | None:
    """The colour of most of a layer without an ink, if it is one of few colours."""
    shown = pixels[pixels[..., 3] > 127][:, :3]
    if not len(shown):
        return None
    found, counts = np.unique(packed(shown), return_counts=True)
    colour = unpacked(found[counts.argmax()])
    alike = apart(shown.astype(np.int16), colour) <= ALIKE
    few = np.sort(counts)[-FEW:].sum() >= FEW_SHARE * len(shown) and alike.mean() >= LEAST_SHARE
    return f"#{found[counts.argmax()]:06x}" if few or alike.mean() >= MAIN_SHARE else None


def _flat_paths(layer: Layer, cover: Pixels, ink: str, sheet: Sheet) -> Iterator[str]:
    alpha = layer.pixels[..., 3]
    inclusions = list(find_inclusions(layer.pixels, np.frombuffer(bytes.fromhex(ink[1:]), dtype=np.uint8)))
    for share, _ in inclusions:
        if share.max() < OPAQUE:
            # What shows through something must not have the ink behind it.
            alpha = np.asarray(cv2.subtract(alpha, share), np.uint8)
    yield from _coverage_paths(alpha, ink, sheet, cover)
    for share, colour in inclusions:
        yield from _coverage_paths(share, colour, sheet)


def _coverage_paths(alpha: NDArray[np.uint8], fill: str, sheet: Sheet, cover: Pixels | None = None) -> Iterator[str]:
    """The shapes of one fill that make up ``alpha``, the glyphs and thin lines among them on top."""
    lines, coverage = take_thin_lines(alpha, sheet.pen.tolerance)
    glyphs, coverage = take_glyphs(coverage, sheet.pen.tolerance)
    for part, opacity in _strata(coverage):
        yield from _soft_shape(part, fill, sheet, opacity, cover)
    for drawing in (*glyphs, *lines):
        yield sheet.element(drawing, f'fill="{fill}"')


def _gradient_paths(layer: Layer, gradient: Linear | Radial, sheet: Sheet, drawn: Layer) -> Iterator[str]:
    """The gradient, and the shapes that are filled with it."""
    # A name of its own also where the ids of two layers differ in signs only that a name cannot have.
    name = f"paint-{slug(layer.id)}-{crc32(layer.id.encode()):08x}"
    shapes = list(_coverage_paths(drawn.pixels[..., 3], f"url(#{name})", sheet))
    if shapes:
        yield gradient_element(gradient, name, layer.box[:2])
    yield from shapes


def _soft_shape(
    alpha: NDArray[np.uint8], fill: str, sheet: Sheet, opacity: float, cover: Pixels | None
) -> Iterator[str]:
    """The path of one shape, if it is not too small for one."""
    outlines = [outline for outline in trace_outlines(alpha, cover) if abs(outline.area) >= SPECK]
    if outlines:
        faded = f' fill-opacity="{opacity:.3g}"' if opacity < 1 else ""
        yield sheet.element(sheet.pen.draw(outlines), f'fill="{fill}"{faded}')


def _strata(alpha: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.uint8], float]]:
    """What of ``alpha`` is one shape, what is too faint to belong to it; each stretched to 255, with its opacity."""
    peak = int(alpha.max())
    if peak < FAINT:
        return
    stretched = alpha if peak >= OPAQUE else np.asarray(cv2.convertScaleAbs(alpha, alpha=255 / peak), dtype=np.uint8)
    yield stretched, peak / 255 if peak < OPAQUE else 1.0
    seen = cv2.dilate((stretched > 127).astype(np.uint8), np.ones((5, 5), dtype=np.uint8))
    faint = alpha.copy()
    faint[seen > 0] = 0
    faint = _without_tails(faint, np.asarray(seen, dtype=np.uint8))
    if faint.max() >= FAINT:
        yield from _strata(faint)


def _without_tails(faint: NDArray[np.uint8], seen: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``faint`` without the tails of spikes of what is ``seen``, whose outlines go to their tips.

    What joins two places that are seen is no tail but the rest of a thin line.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats((faint > 0).astype(np.uint8), connectivity=8)
    if count == 1:
        return faint
    kernel = np.ones((3, 3), dtype=np.uint8)
    beside = np.where(cv2.dilate((faint > 0).astype(np.uint8), kernel) > 0, seen, 0).astype(np.uint8)
    _, contacts = cv2.connectedComponents(beside, connectivity=8)
    # The faint pixels beside each contact, by the component that they belong to.
    near = cv2.dilate(contacts.astype(np.float32), kernel).astype(np.int64)
    pairs = np.unique((labels * (int(contacts.max()) + 1) + near)[(labels > 0) & (near > 0)])
    touched = np.bincount(pairs // (int(contacts.max()) + 1), minlength=count)
    extent = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    dropped = np.flatnonzero((touched == 1) & (extent <= LONGEST_TAIL))
    faint[np.isin(labels, dropped[dropped > 0])] = 0
    return faint


def _colour_paths(layer: Layer) -> list[str]:
    ok, png = cv2.imencode(".png", cv2.cvtColor(layer.pixels, cv2.COLOR_RGBA2BGRA), [cv2.IMWRITE_PNG_COMPRESSION, 0])
    if not ok:
        raise OutputError(f"layer {layer.id!r} cannot be encoded")
    svg = vtracer.convert_raw_image_to_svg(png.tobytes(), img_format="png", filter_speckle=2, path_precision=2)
    # Paths stay where they are drawn and are moved as a whole: those of a photograph have millions of numbers.
    left, top = layer.box[:2]
    moved = (
        (data, fill.lower(), number(left + float(x)), number(top + float(y))) for data, fill, x, y in _PATH.findall(svg)
    )
    return [
        f'<path fill="{fill}" transform="translate({x} {y})" d="{data}"/>'
        for data, fill, x, y in moved
        if data  # a colour can end up with no area at all
    ]
