"""Icons as pictures whose true layers are known: every element of a flat SVG icon drawn alone.

    python benchmarks/icons.py OUT SET [SET ...] [--most N] [--unlike FOLDER]

A SET is a folder with ``*.svg`` files, or a file ``icons.json`` of an Iconify package (``npm install
@iconify-json/NAME``; the licence of each is in its package). OUT/NAME/png/ID.png and OUT/NAME/layers/ID/NN.png are
written, as the ``fit_*.py`` scripts read them, at most N of a set. Left out are icons with gradients, translucency,
clipping or elements that are filled and stroked, and those that resemble a picture of FOLDER (``*.png``): by a hash of
63 bits of the content on white, mirrored or not, of which at most 12 differ.
"""

import argparse
import copy
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from peeler.geometry import RGB, RGBA
from peeler.scenes.render import picture, rendered, write_true_picture

SIZE, MARGIN = 512, 0.08
"""Pixels of a side, and room around the icon as a share of its own."""
FEWEST, MOST = 3, 40
"""Elements of an icon."""
WHITE, LEAST_INKED = 250, 0.02
"""Grey levels from which on a pixel is bare, and share of the canvas that an icon covers."""
SHAPES = {"path", "circle", "ellipse", "rect", "polygon", "polyline", "line"}
BESIDES = {"defs", "clipPath", "mask", "symbol", "linearGradient", "radialGradient", "style", "metadata", "title"}
NOT_FLAT = re.compile(
    r"opacity\s*[:=]\s*\"?0?\.\d|<use|<text|<image|mask=|clip-path|filter|mix-blend|Gradient|<!ENTITY", re.IGNORECASE
)
TONE = re.compile(r"-?(medium-light|medium-dark|light|medium|dark)?-?skin-tone|-(light|medium|dark)$|-1f3f[b-f]")
"""What tells variants of one icon apart."""
HASHED, FREQUENCIES, ALIKE = 32, 8, 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=450)
    parser.add_argument("--unlike", type=Path)
    asked = parser.parse_args()
    kept_back = sorted(asked.unlike.glob("*.png")) if asked.unlike else []
    held = np.array([_hash(np.asarray(Image.open(file).convert("RGB"))) for file in kept_back])
    for source in asked.sets:
        name = source.parent.name if source.is_file() else source.name
        print(f"{write_icons(source, asked.out / name, asked.most, held)} icons in {asked.out / name}")


def write_icons(source: Path, out: Path, most: int, held: NDArray[np.bool_]) -> int:
    """The flat icons of a set that resemble none of those ``held``, one of each family; how many there were."""
    icons = {TONE.sub("", name): (name, text) for name, text in _texts(source)}
    chosen = random.Random(5).sample(sorted(icons.values()), min(most, len(icons)))
    (out / "png").mkdir(parents=True, exist_ok=True)
    written = 0
    for name, text in chosen:
        icon = _framed(text)
        layers = [] if icon is None else shapes_alone(icon)
        if icon is None or not layers:
            continue
        whole = picture(ElementTree.tostring(icon, encoding="unicode"))
        if (whole.min(axis=2) < WHITE).mean() >= LEAST_INKED and not resembles(whole, held):
            write_true_picture(out, name, whole, layers)
            written += 1
    return written


def _texts(source: Path) -> Iterator[tuple[str, str]]:
    """Names and SVG text of the icons of a folder or of a package."""
    if source.is_dir():
        for file in sorted(source.rglob("*.svg")):
            yield file.stem, file.read_text(encoding="utf-8", errors="ignore")
        return
    package = json.loads(source.read_text(encoding="utf-8"))
    for name, icon in sorted(package["icons"].items()):
        place = {"left": 0, "top": 0, "width": 16, "height": 16, **package, **icon}
        view = " ".join(str(place[key]) for key in ("left", "top", "width", "height"))
        body = icon["body"].replace("currentColor", "#333")
        yield name, f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">{body}</svg>'


def _framed(text: str) -> Element | None:
    """A drawing with its margin and size; None if it is not flat or not square."""
    try:
        root = None if NOT_FLAT.search(text) else ElementTree.fromstring(text)
    except ElementTree.ParseError:
        root = None
    view = [] if root is None else [float(number) for number in re.findall(r"-?[\d.]+", root.get("viewBox", ""))]
    if root is None or len(view) != 4 or abs(view[2] - view[3]) > 1e-3:
        return None
    room = view[2] * MARGIN
    root.set("viewBox", f"{view[0] - room} {view[1] - room} {view[2] + 2 * room} {view[3] + 2 * room}")
    root.set("width", str(SIZE))
    root.set("height", str(SIZE))
    return root


def shapes_alone(root: Element) -> list[RGBA]:
    """The elements of a drawing, bottom first, each alone; none if they are too few, too many or two in one."""
    shapes = list(_shapes(root))
    if not FEWEST <= len(shapes) <= MOST or any(map(_is_two, shapes)):
        return []
    alone = [rendered(ElementTree.tostring(page, encoding="unicode")) for page in _each_alone(root, len(shapes))]
    return [layer for layer in alone if layer[..., 3].any()]


def _shapes(element: Element) -> Iterator[Element]:
    kind = _kind(element)
    if kind in SHAPES:
        yield element
    elif kind and kind not in BESIDES:
        for child in element:
            yield from _shapes(child)


def _kind(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _is_two(shape: Element) -> bool:
    return shape.get("stroke", "none") != "none" and shape.get("fill", "black") != "none"


def _each_alone(root: Element, count: int) -> Iterator[Element]:
    """The drawing with all shapes but one taken out, once for each."""
    for place in range(count):
        page = copy.deepcopy(root)
        for other, shape in enumerate(list(_shapes(page))):
            if other != place:
                shape.tag = shape.tag.replace(_kind(shape), "desc")
        yield page


def resembles(whole: RGB, held: NDArray[np.bool_]) -> bool:
    """Whether a picture or its mirror image is a near-duplicate of one of those whose hashes (n × 63) are ``held``."""
    both = (_hash(whole), _hash(whole[:, ::-1]))
    return any(bool(((held != one).sum(axis=1) <= ALIKE).any()) for one in both) if len(held) else False


def _hash(whole: RGB) -> NDArray[np.bool_]:
    """63 bits of the low frequencies of what is not white, so that margins do not count.

    A perceptual hash: Zauner, *Implementation and benchmarking of perceptual image hash functions*, 2010, §3.2.
    """
    x, y, width, height = cv2.boundingRect((whole.min(axis=2) < WHITE).astype(np.uint8))
    content = whole[y : y + height, x : x + width] if width and height else whole
    side = max(content.shape[:2])
    square = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - content.shape[0]) // 2, (side - content.shape[1]) // 2
    square[top : top + content.shape[0], left : left + content.shape[1]] = content
    grey = cv2.resize(square, (HASHED, HASHED), interpolation=cv2.INTER_AREA).astype(np.float32).mean(axis=2)
    low = cv2.dct(np.ascontiguousarray(grey))[:FREQUENCIES, :FREQUENCIES].ravel()[1:]
    return np.asarray(low > np.median(low), np.bool_)


if __name__ == "__main__":
    main()
