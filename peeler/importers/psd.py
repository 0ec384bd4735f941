"""A PSD as a stack: what Photoshop, GIMP, Krita and others have written."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from psd_tools import PSDImage
from psd_tools.api.layers import Layer as PsdLayer
from psd_tools.constants import BlendMode, ColorMode, Resource

from peeler import particulars
from peeler.errors import InputError
from peeler.geometry import RGBA, Box
from peeler.importers.likeness import likeness
from peeler.importers.limits import Allowance, bytes_of, check_canvas, decoding, psd_header
from peeler.importers.markup import local, parse
from peeler.particulars import Found, Particulars
from peeler.protocols import Imported
from peeler.text import label

# What it finds odd in a damaged file is not for the terminal: the error says what matters.
logging.getLogger("psd_tools").addHandler(logging.NullHandler())

MODES = {ColorMode.RGB, ColorMode.GRAYSCALE}
DEPTHS = {8, 16}
MOST_METADATA = 16 * 2**20
MOST_BYTES_AT_ONCE = 2 * 2**30
"""What one channel or picture may take while it is decoded."""


class PsdImporter:
    """Reads the pixels of all layers; text, shapes and smart objects as the pixels that the file keeps of them."""

    def read(self, path: Path) -> Imported:
        """The stack in the file ``path``. Raises InputError."""
        data = bytes_of(path)
        with decoding(path, "PSD"):
            _, width, height, depth, mode = psd_header(data)
            size = check_canvas(path, width, height)
            if mode not in {kind.value for kind in MODES} or depth not in DEPTHS:
                raise InputError(f"{path}: only PSD files in RGB or grey with 8 or 16 bits a channel are read")
            document = PSDImage.open(BytesIO(data), max_alloc_bytes=MOST_BYTES_AT_ONCE)
            reading = _Reading(path, Allowance(path))
            found = list(reading.layers(document, _Place()))
            merged = document.topil() if document.has_preview() or not found else None
            picture = None if merged is None else np.asarray(merged.convert("RGBA"))
            kept = _kept(document, path)
            if not found and picture is not None and kept is None:
                found = [Found("background", Box.whole(size), picture)]
            stack = particulars.restored(size, found, kept or {})
        return Imported(stack, tuple(reading.notes()) + likeness(stack, picture))


@dataclass(frozen=True)
class _Place:
    """The groups around a layer: their names, how opaque they are together and whether they are shown."""

    name: str = ""
    opacity: float = 1.0
    visible: bool = True


@dataclass
class _Reading:
    path: Path
    allowance: Allowance
    odd: Counter[str] = field(default_factory=Counter)

    def layers(self, group: Any, place: _Place) -> Iterator[Found]:
        """The layers of a group or document, bottom first."""
        for layer in group:
            name = label(layer.name)
            self._note_style(layer)
            if layer.is_group():
                inner = particulars.inside(place.name, name or "group")
                opacity = place.opacity * layer.opacity / 255
                self.odd["groups are faded as a whole"] += layer.opacity < 255 and len(layer) > 1
                yield from self.layers(layer, _Place(inner, opacity, place.visible and layer.visible))
            elif layer.kind != "pixel" and not layer.has_pixels():
                self.odd["layers without pixels of their own are left out"] += 1
            else:
                yield self._found(layer, name, place)

    def _found(self, layer: PsdLayer, name: str, place: _Place) -> Found:
        box = Box(layer.left, layer.top, max(layer.left, layer.right), max(layer.top, layer.bottom))
        self.allowance.take(box.width, box.height)
        return Found(
            shown=name or "layer",
            box=box,
            pixels=_pixels(layer, box),
            opacity=place.opacity * layer.opacity / 255,
            visible=place.visible and bool(layer.visible),
            group=place.name,
            key=str(layer.layer_id),
        )

    def _note_style(self, layer: PsdLayer) -> None:
        plain = {BlendMode.NORMAL, BlendMode.PASS_THROUGH}
        self.odd["layers have a blend mode, which is taken as normal"] += layer.blend_mode not in plain
        self.odd["layers are clipped to the one below, which is not kept"] += bool(getattr(layer, "clipping", False))
        self.odd["layers have effects, which are not kept"] += bool(layer.has_effects())
        self.odd["layers have vector masks, which are not kept"] += bool(
            layer.has_vector_mask() and layer.kind == "pixel"
        )

    def notes(self) -> Iterator[str]:
        """What could not be kept, with how often."""
        yield from (f"{count} {what}" for what, count in self.odd.items() if count)


def _pixels(layer: PsdLayer, box: Box) -> RGBA:
    image = layer.topil() if box.area else None
    if image is None:
        return np.zeros((box.height, box.width, 4), dtype=np.uint8)
    pixels = np.array(image.convert("RGBA"))
    mask = layer.mask
    if mask is not None and not mask.disabled:
        pixels[..., 3] = _masked(pixels[..., 3], box, mask)
    return pixels


def _masked(alpha: np.ndarray, box: Box, mask: Any) -> np.ndarray:
    """``alpha`` (height × width of ``box``) weighed by a layer mask, which has one value outside of its own box."""
    cover = np.full(alpha.shape, mask.background_color, dtype=np.uint16)
    own = Box(mask.left, mask.top, max(mask.left, mask.right), max(mask.top, mask.bottom))
    image: Image.Image | None = mask.topil() if own.area else None
    shared = own.intersect(box)
    if image is not None and shared.area:
        values = np.asarray(image.convert("L"))[shared.shifted(-own.x0, -own.y0).slices]
        cover[shared.shifted(-box.x0, -box.y0).slices] = values
    return ((alpha * cover + 127) // 255).astype(np.uint8)


def _kept(document: PSDImage, path: Path) -> Mapping[str, Particulars] | None:
    """What travelled along in the file's metadata, by the numbers of layers; None if it was not written by us."""
    packet = document.image_resources.get_data(Resource.XMP_METADATA)
    if not isinstance(packet, bytes) or len(packet) > MOST_METADATA or b"urn:peeler" not in packet:
        return None
    try:
        root = parse(packet.rstrip(b"\x00"), path)
    except InputError:
        return {}  # the layers are of use without it
    texts = [element.text for element in root.iter("{urn:peeler}layers")]
    texts += [element.get("{urn:peeler}layers") for element in root.iter() if local(element) == "Description"]
    return particulars.read(next(filter(None, texts), "{}"))
